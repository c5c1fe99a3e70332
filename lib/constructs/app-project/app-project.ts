import { ApiObject } from 'cdk8s';
import type { Construct } from 'constructs';
import { type AppProjectProps, appProject } from '../../reconcilers/argocd/app-project.ts';

/**
 * An Argo CD AppProject that says everything: repositories, destinations, kinds and the account for each destination.
 *
 * @throws GreenroomError `invalid-input` for an empty list that Argo CD would take for "all", or for a wildcard source
 */
export class AppProject extends ApiObject {
  constructor(scope: Construct, id: string, props: AppProjectProps) {
    super(scope, id, appProject(props));
  }
}
