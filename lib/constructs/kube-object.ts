import type { Construct } from 'constructs';
import { builtIn, type Kinds, type KubeObject, type Mutable } from '../model/kube.ts';
import { PlainObject } from './plain-object.ts';

/** The specification of a built-in kind, by the types of cdk8s-plus-28. */
export type SpecOf<K extends keyof Kinds> = Kinds[K] extends { readonly spec?: infer Spec }
  ? Mutable<NonNullable<Spec>>
  : undefined;

/**
 * A built-in object whose specification may be changed until synthesis, checked by the compiler against cdk8s-plus-28's
 * generated types: `preview.service.spec.ports`.
 *
 * Why not its `Kube*` classes: loading their 2.7 MB module costs as much as starting Node, and their conversion runs
 * over every field at synthesis; here both are erased with the types.
 */
export class CoreObject<K extends keyof Kinds> extends PlainObject {
  /** The specification; changes show in the manifest. Undefined for kinds that have none. */
  readonly spec: SpecOf<K>;

  /** @param object its `spec` is kept as it is, so that who shares it sees the same */
  constructor(scope: Construct, id: string, object: KubeObject) {
    super(scope, id, object);
    this.spec = object['spec'] as SpecOf<K>;
  }
}

/** A built-in object from its parts; see {@link CoreObject}. */
export function kubeObject<K extends keyof Kinds>(
  scope: Construct,
  id: string,
  kind: K,
  body: Kinds[K] & { readonly metadata: { readonly name: string } },
): CoreObject<K> {
  return new CoreObject<K>(scope, id, builtIn(kind, body));
}
