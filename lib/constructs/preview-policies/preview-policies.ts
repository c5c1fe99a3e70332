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
   * Exceptions that are valid now. Compile again when one ends: admission policies do not check the time.
   * @default - none
   */
  readonly exceptions?: readonly Exception[];
}

/**
 * The rules for previews as objects of an admission engine, and the guards that they rely on. The same rules are checked
 * before a commit.
 *
 * @example
 * new PreviewPolicies(chart, 'policies', { platform: platform.spec, engine: 'vap' });
 */
export class PreviewPolicies extends Construct {
  /** The guards first, then in the order of the rules. */
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
