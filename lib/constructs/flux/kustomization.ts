import { ApiObject } from 'cdk8s';
import type { Construct } from 'constructs';
import { type KustomizationProps, kustomization } from '../../reconcilers/flux/kustomization.ts';

/** A Flux Kustomization beside Flux itself: applies, heals and prunes one folder with an account of its own. */
export class Kustomization extends ApiObject {
  constructor(scope: Construct, id: string, props: KustomizationProps) {
    super(scope, id, kustomization(props));
  }
}
