import { GreenroomError, invalidInput } from '../../core/errors.ts';
import { type FileSet, fileSet } from '../../core/fileset.ts';
import { manifestFileName, manifestText } from '../../core/manifest-file.ts';
import type { Exception } from '../../model/exception.ts';
import { FENCER_ACCOUNT, PLATFORM_LABELS, PREVIEW_LABEL } from '../../model/labels.ts';
import { serviceClasses } from '../../model/platform/service-class.ts';
import { ENGINES, type Engine, type PlatformSpec } from '../../model/platform.ts';
import { reconcilerNamespace } from '../../reconcilers/index.ts';
import { type CelCompiler, createCelCompiler } from '../cel.ts';
import { type RuleParams, ruleParams } from '../params.ts';
import type { Rule } from '../rule.ts';
import { activeRules, chosenRules, type RuleChoice, type Severities } from '../rule-set.ts';
import { rulePolicy } from './compile-rule.ts';
import { inexpressible } from './expressible.ts';
import { compileGatekeeper } from './gatekeeper.ts';
import { guards } from './guards.ts';
import { IMAGE_COMPILERS, type ImageVerification, imageVerification } from './images/index.ts';
import { compileKyverno } from './kyverno.ts';
import { compileKyvernoLegacy } from './kyverno-legacy.ts';
import type { OperatorWork } from './operators.ts';
import type { EngineCompiler, KubeObject } from './policy.ts';
import { compileVap } from './vap.ts';

export type { KubeObject } from './policy.ts';

const COMPILERS: Readonly<Record<Engine, EngineCompiler>> = {
  vap: compileVap,
  kyverno: compileKyverno,
  'kyverno-legacy': compileKyvernoLegacy,
  gatekeeper: compileGatekeeper,
};

export interface CompileOptions extends RuleChoice {
  readonly engine: Engine;
  readonly params: RuleParams;
  /** By rule id. @default - each rule's own severity */
  readonly severities?: Severities;
  /** A shared CEL compiler. @default - a new one */
  readonly cel?: CelCompiler;
  /** The contact that every refusal names. */
  readonly contact: string;
  /**
   * Exceptions that are valid now. One that ends later is removed by the next compilation: admission has no clock.
   * @default - none
   */
  readonly exceptions?: readonly Exception[];
  /** User name of the account that writes fences. */
  readonly fencer: string;
  /**
   * User names and groups of controllers that write on a maker's behalf: rules of the scope `makers` do not apply to
   * them. Those of Kubernetes and the fencer are always included.
   * @default - no others
   */
  readonly trustedAccounts?: readonly string[];
  /**
   * Operators that run services of previews: rules of the scope `makers` do not apply to what they make of their objects.
   * @default - none
   */
  readonly operators?: readonly OperatorWork[];
  /**
   * Groups that may change the labels of preview namespaces by hand.
   * @default system:masters
   */
  readonly adminGroups?: readonly string[];
  /**
   * Only rules of this place. The guards belong to the rules of previews.
   * @default - all rules, and the guards
   */
  readonly place?: Rule['place'];
  /**
   * Whether to include the guards that rules depend on.
   * @default - with rules of previews
   */
  readonly guards?: boolean;
  /**
   * How images are verified in addition to the rules.
   * @default - greenroom's notes about an image are trusted
   */
  readonly images?: ImageVerification | undefined;
  /**
   * Key of the label that marks a preview's namespace.
   * @default greenroom.dev/preview
   */
  readonly previewLabel?: string;
}

/** Kubernetes' controllers use accounts of `kube-system`, or together the account of the controller manager. */
const KUBERNETES = [
  'system:serviceaccounts:kube-system',
  'system:kube-controller-manager',
  'system:kube-scheduler',
  'system:apiserver',
  'system:nodes',
];

/**
 * The rules as objects of one admission engine, in the order of the rules, with the guards that they depend on. The
 * guards are always ValidatingAdmissionPolicies: they must protect the label even while an engine's webhook is down.
 *
 * @throws GreenroomError `invalid-input` for a rule that the engine cannot express, and for severities of unknown rules
 */
export function compilePolicies(options: CompileOptions): KubeObject[] {
  const compile = compilerOf(options.engine);
  const previewLabel = options.previewLabel ?? PREVIEW_LABEL;
  const policies = rulePolicies(options);
  const { fencer, contact, adminGroups = ['system:masters'], place, images } = options;
  const isGuarded = options.guards ?? place !== 'reconciler';
  const guarded = isGuarded ? guards({ previewLabel, fencer, adminGroups, contact }) : [];
  return [
    ...guarded.flatMap((guard) => compileVap(guard, { previewLabel })),
    ...policies.flatMap(({ id, policy }) => [
      ...compile(policy, { previewLabel }),
      ...(images === undefined ? [] : IMAGE_COMPILERS[images.verifier](id, policy, { ...images, previewLabel })),
    ]),
  ].map(labelled);
}

function labelled(object: KubeObject): KubeObject {
  return { ...object, metadata: { ...object.metadata, labels: PLATFORM_LABELS } };
}

function compilerOf(engine: string): EngineCompiler {
  if (Object.hasOwn(COMPILERS, engine)) return COMPILERS[engine as Engine];
  throw new GreenroomError('invalid-input', `there is no admission engine ${engine}; known are ${ENGINES.join(', ')}`);
}

function rulePolicies(options: CompileOptions) {
  const { params, contact, exceptions = [], fencer, trustedAccounts = [], operators = [], place } = options;
  const { cel = createCelCompiler() } = options;
  const active = activeRules(chosenRules(options), options).filter(
    (rule) => rule.place !== 'commit' && (place === undefined || rule.place === place),
  );
  const problems = active.flatMap((rule) => inexpressible(rule, options.engine, cel));
  if (problems.length > 0) throw invalidInput(problems);
  const trusted = [...KUBERNETES, fencer, ...trustedAccounts];
  return active.map((rule) => ({
    id: rule.id,
    policy: rulePolicy(rule, { params, contact, exceptions, trusted, operators }),
  }));
}

/** Accounts of the operators that create Secrets from references, in their default installation. */
const SECRET_OPERATORS: Readonly<Record<PlatformSpec['secrets']['mechanism'], readonly string[]>> = {
  'external-secrets': ['system:serviceaccount:external-secrets:external-secrets'],
  'sealed-secrets': ['system:serviceaccount:sealed-secrets:sealed-secrets-controller'],
  sops: [],
};

/**
 * Compile options from a platform's settings.
 *
 * @throws GreenroomError `invalid-input` for an engine that does not work with the platform's other settings
 */
export function compileOptions(platform: PlatformSpec, engine: Engine): CompileOptions {
  const { severities, contact, trustedAccounts } = platform.policies;
  if (engine === 'kyverno-legacy' && platform.knative) {
    throw invalidInput([
      {
        field: 'spec.policies.engines',
        message:
          "must not contain kyverno-legacy with knative: true, since Kyverno refuses a ClusterPolicy that cannot distinguish Kubernetes' Services from Knative's; use kyverno",
      },
    ]);
  }
  return {
    engine,
    images: imageVerification(platform, engine),
    params: ruleParams(platform),
    severities,
    contact,
    fencer: `system:serviceaccount:${reconcilerNamespace(platform)}:${FENCER_ACCOUNT}`,
    trustedAccounts: [
      ...SECRET_OPERATORS[platform.secrets.mechanism],
      // Knative's controllers create revisions, routes and ExternalName Services for a function.
      ...(platform.knative ? ['system:serviceaccounts:knative-serving'] : []),
      ...trustedAccounts,
    ],
    operators: serviceClasses(platform.services).map(([, chosen]) => chosen),
  };
}

/** One file per object, `<kind>.<name>.yaml`, for reviewers and reconcilers. */
export function policyFiles(objects: readonly KubeObject[]): FileSet {
  return fileSet(
    objects.map(
      (object) => [manifestFileName(object), manifestText(object, 'greenroom.yaml and its exceptions')] as const,
    ),
  );
}
