import { ApiObject } from 'cdk8s';
import { Construct } from 'constructs';
import type { Exception } from '../../model/exception.ts';
import type { Engine, PlatformSpec } from '../../model/platform.ts';
import { compileOptions, compilePolicies } from '../../policies/engines/index.ts';
import type { Rule } from '../../policies/rule.ts';
import { RULES } from '../../policies/rules/index.ts';

export interface PreviewPoliciesProps {
  readonly platform: PlatformSpec;
  /** The admission engine of the cluster. */
  readonly engine: Engine;
  /**
   * Rules to compile, for a platform team with rules of its own.
   * @default - all rules of greenroom
   */
  readonly rules?: readonly Rule[];
  /**
   * Exceptions that hold now; admission has no clock, so compile again when one ends.
   * @default - none
   */
  readonly exceptions?: readonly Exception[];
}

/**
 * The rules that judge a preview before it is committed, as objects of an admission engine, and the guards that they
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
    const { platform, engine, rules = RULES, exceptions = [] } = props;
    const objects = compilePolicies(rules, { ...compileOptions(platform, engine), exceptions });
    this.policies = objects.map((object) => new ApiObject(this, `${object.kind}-${object.metadata.name}`, object));
  }
}
