import { ApiObject } from 'cdk8s';
import type { Construct } from 'constructs';
import { type ApplicationSetProps, applicationSet } from '../../reconcilers/argocd/application-set.ts';

/**
 * An Argo CD ApplicationSet whose Applications apply, prune and heal by themselves and take everything with them when
 * their parameters go.
 *
 * Go templates with `missingkey=error`, always: a parameter that is missing is an error, not the text `<no value>`.
 *
 * @throws GreenroomError `invalid-input` for a templated project, an empty generator, or an impossible period
 */
export class ApplicationSet extends ApiObject {
  constructor(scope: Construct, id: string, props: ApplicationSetProps) {
    super(scope, id, applicationSet(props));
  }
}
