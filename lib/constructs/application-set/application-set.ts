import { ApiObject } from 'cdk8s';
import type { Construct } from 'constructs';
import { type ApplicationSetProps, applicationSet } from '../../reconcilers/argocd/application-set.ts';

/**
 * An Argo CD ApplicationSet whose Applications apply, prune and heal automatically, and are deleted with all their objects
 * when their parameters disappear.
 *
 * Go templates always use `missingkey=error`: a missing parameter is an error, not the text `<no value>`.
 *
 * @throws GreenroomError `invalid-input` for a templated project, an empty generator, or an invalid period
 */
export class ApplicationSet extends ApiObject {
  constructor(scope: Construct, id: string, props: ApplicationSetProps) {
    super(scope, id, applicationSet(props));
  }
}
