import { ApiObject } from 'cdk8s';
import type { Construct } from 'constructs';
import { type AppProjectProps, appProject } from '../../reconcilers/argocd/app-project.ts';

/**
 * An Argo CD AppProject with everything explicit: repositories, destinations, kinds and the account for each destination.
 *
 * @throws GreenroomError `invalid-input` for an empty list, which Argo CD would read as "all", or for a wildcard
 */
export class AppProject extends ApiObject {
  constructor(scope: Construct, id: string, props: AppProjectProps) {
    super(scope, id, appProject(props));
  }
}
