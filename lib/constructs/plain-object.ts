import { ApiObject, type ApiObjectProps, App, type JsonPatch } from 'cdk8s';
import type { Construct } from 'constructs';

/** What every App resolves by: lazies, tokens, and unions of number and string. */
const BUILT_IN_RESOLVERS = new App().resolvers.length;

/**
 * An ApiObject whose manifest is a copy of its props where those are plain data.
 *
 * cdk8s asks each resolver of the app about each value, twice for metadata, and then sorts and cleans the result: a
 * third of the time that it takes to compile a preview. The outcome is the same but for the order of keys, which means
 * nothing. Where an extension brings in more than plain data (a Lazy, a JSON patch, a resolver), cdk8s does it.
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
