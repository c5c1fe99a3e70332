import { ApiObject, type ApiObjectProps, App, type JsonPatch } from 'cdk8s';
import type { Construct } from 'constructs';

/** Resolvers that every App has: for lazies, tokens, and unions of number and string. */
const BUILT_IN_RESOLVERS = new App().resolvers.length;

/**
 * An ApiObject whose manifest is a copy of its props if those are plain data.
 *
 * cdk8s calls each resolver of the app for each value, twice for metadata, and then sorts and cleans the result: that is a
 * third of the time to compile a preview. The result here is the same except for the order of keys, which does not matter.
 * If an extension uses more than plain data (a Lazy, a JSON patch, a resolver), cdk8s renders the object.
 */
export class PlainObject extends ApiObject {
  private readonly body: Readonly<Record<string, unknown>>;
  private isPatched = false;

  constructor(scope: Construct, id: string, props: ApiObjectProps) {
    super(scope, id, props);
    const { metadata: _, ...body } = props;
    this.body = body;
  }

  override addJsonPatch(...ops: JsonPatch[]): void {
    this.isPatched = true;
    super.addJsonPatch(...ops);
  }

  override toJson(): object {
    if (this.isPatched || App.of(this).resolvers.length > BUILT_IN_RESOLVERS) return super.toJson();
    const { apiVersion, kind, ...body } = this.body;
    const copy = plainCopy(body);
    return copy === undefined ? super.toJson() : { apiVersion, kind, metadata: this.metadata.toJson(), ...copy };
  }
}

/** A deep copy without undefined and null members; undefined if something in it is not plain data. */
function plainCopy<T>(value: T): T | undefined {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value;
  if (typeof value !== 'object' || value === null) return undefined;
  if (Array.isArray(value)) {
    const items = value.filter((item) => item !== undefined && item !== null).map(plainCopy);
    return items.includes(undefined) ? undefined : (items as T);
  }
  if (Object.getPrototypeOf(value) !== Object.prototype) return undefined;
  const copy: Record<string, unknown> = {};
  for (const [key, member] of Object.entries(value)) {
    if (member === undefined || member === null) continue;
    const plain = plainCopy(member);
    if (plain === undefined) return undefined;
    copy[key] = plain;
  }
  return copy as T;
}
