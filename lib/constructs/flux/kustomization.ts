import { ApiObject } from 'cdk8s';
import type { Construct } from 'constructs';
import { type KustomizationProps, kustomization } from '../../reconcilers/flux/kustomization.ts';

/** A Flux Kustomization in Flux's namespace: applies, heals and prunes one folder with its own account. */
export class Kustomization extends ApiObject {
  constructor(scope: Construct, id: string, props: KustomizationProps) {
    super(scope, id, kustomization(props));
  }
}
