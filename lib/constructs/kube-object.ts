import type { Construct } from 'constructs';
import { builtIn, type Kinds, type KubeObject, type Mutable } from '../model/kube.ts';
import { PlainObject } from './plain-object.ts';

/** The spec of a built-in kind, with the types of cdk8s-plus-28. */
export type SpecOf<K extends keyof Kinds> = Kinds[K] extends { readonly spec?: infer Spec }
  ? Mutable<NonNullable<Spec>>
  : undefined;

/**
 * A built-in object whose spec may be changed until synthesis, with the generated types of cdk8s-plus-28:
 * `preview.service.spec.ports`.
 *
 * Its `Kube*` classes are not used: loading their 2.7 MB module takes as long as starting Node, and they convert every
 * field at synthesis. Types alone cost nothing.
 */
export class CoreObject<K extends keyof Kinds> extends PlainObject {
  /** The spec; changes appear in the manifest. Undefined for kinds without one. */
  readonly spec: SpecOf<K>;

  /** @param object its `spec` is not copied, so that others who hold it see the changes */
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
