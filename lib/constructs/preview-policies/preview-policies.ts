import { ApiObject } from 'cdk8s';
import { Construct } from 'constructs';
import type { Exception } from '../../model/exception.ts';
import type { Engine, PlatformSpec } from '../../model/platform.ts';
import { compileOptions, compilePolicies } from '../../policies/engines/index.ts';
import type { RuleChoice } from '../../policies/rule-set.ts';

/** Props of {@link PreviewPolicies}. */
export interface PreviewPoliciesProps extends RuleChoice {
  readonly platform: PlatformSpec;
  /** The admission engine of the cluster. */
  readonly engine: Engine;
  /**
   * Exceptions that hold now; admission has no clock, so compile again when one ends.
   * @default - none
   */
  readonly exceptions?: readonly Exception[];
}

/**
 * The rules that a preview is held to before it is committed, as objects of an admission engine, and the guards that they
 * stand on.
 *
 * @example
 * new PreviewPolicies(chart, 'policies', { platform: platform.spec, engine: 'vap' });
 */
export class PreviewPolicies extends Construct {
  /** In the order of the rules, the guards first. */
  readonly policies: readonly ApiObject[];

  /** @throws GreenroomError `invalid-input` for a rule that the engine cannot express */
  constructor(scope: Construct, id: string, props: PreviewPoliciesProps) {
    super(scope, id);
    const { platform, engine, extraRules, onlyRules, exceptions = [] } = props;
    const choice = { extraRules, onlyRules, exceptions };
    const objects = compilePolicies({ ...compileOptions(platform, engine), ...choice });
    this.policies = objects.map((object) => new ApiObject(this, `${object.kind}-${object.metadata.name}`, object));
  }
}
