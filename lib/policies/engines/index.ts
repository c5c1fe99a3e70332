import { GreenroomError, invalidInput } from '../../core/errors.ts';
import { type FileSet, fileSet } from '../../core/fileset.ts';
import { manifestFileName, manifestText } from '../../core/manifest-file.ts';
import type { Exception } from '../../model/exception.ts';
import { FENCER_ACCOUNT, PLATFORM_LABELS, PREVIEW_LABEL } from '../../model/labels.ts';
import { ENGINES, type Engine, type PlatformSpec } from '../../model/platform.ts';
import { reconcilerNamespace } from '../../reconcilers/index.ts';
import { type CelCompiler, createCelCompiler } from '../cel.ts';
import { guards } from '../guards.ts';
import { type RuleParams, ruleParams } from '../params.ts';
import type { Rule } from '../rule.ts';
import { activeRules, chosenRules, type RuleChoice, type Severities } from '../rule-set.ts';
import { rulePolicy } from './compile-rule.ts';
import { inexpressible } from './expressible.ts';
import { compileGatekeeper } from './gatekeeper.ts';
import { IMAGE_COMPILERS, type ImageVerification, imageVerification } from './images/index.ts';
import { compileKyverno } from './kyverno.ts';
import { compileKyvernoLegacy } from './kyverno-legacy.ts';
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
  /** By rule id. @default - what each rule says */
  readonly severities?: Severities;
  /** CEL that is compiled already. @default - nothing */
  readonly cel?: CelCompiler;
  /** Whom every refusal names. */
  readonly contact: string;
  /**
   * Exceptions that hold now. What ends later goes with the next compilation: admission has no clock.
   * @default - none
   */
  readonly exceptions?: readonly Exception[];
  /** User name of the account that writes fences. */
  readonly fencer: string;
  /**
   * User names and groups of controllers that write on a maker's behalf: rules of the scope `makers` leave them alone.
   * Those of Kubernetes itself and the fencer are always among them.
   * @default - no others
   */
  readonly trustedAccounts?: readonly string[];
  /**
   * Groups that may relabel namespaces of previews by hand.
   * @default system:masters
   */
  readonly adminGroups?: readonly string[];
  /**
   * Only rules of this place; the guards belong to those in previews.
   * @default - all rules, and the guards
   */
  readonly place?: Rule['place'];
  /**
   * Whether the guards that rules stand on come along.
   * @default - with rules of previews
   */
  readonly guards?: boolean;
  /**
   * How images are verified beside the rules.
   * @default - what greenroom noted of an image is held to be true
   */
  readonly images?: ImageVerification | undefined;
  /**
   * Key of the label that makes a namespace a preview's.
   * @default greenroom.dev/preview
   */
  readonly previewLabel?: string;
}

/** Kubernetes' controllers run with accounts of `kube-system` or, together, as the controller manager. */
const KUBERNETES = [
  'system:serviceaccounts:kube-system',
  'system:kube-controller-manager',
  'system:kube-scheduler',
  'system:apiserver',
  'system:nodes',
];

/**
 * The rules as objects of one admission engine, in the order of the rules, with the guards that they stand on. The
 * guards are always ValidatingAdmissionPolicies: what protects the label has to hold while an engine's webhook is down.
 *
 * @throws GreenroomError `invalid-input` for a rule that the engine cannot express, and for severities of rules that
 *   there are not
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
  const { params, contact, exceptions = [], fencer, trustedAccounts = [], place, cel = createCelCompiler() } = options;
  const active = activeRules(chosenRules(options), options).filter(
    (rule) => rule.place !== 'commit' && (place === undefined || rule.place === place),
  );
  const problems = active.flatMap((rule) => inexpressible(rule, options.engine, cel));
  if (problems.length > 0) throw invalidInput(problems);
  const trusted = [...KUBERNETES, fencer, ...trustedAccounts];
  return active.map((rule) => ({
    id: rule.id,
    policy: rulePolicy(rule, { params, contact, exceptions, trusted }),
  }));
}

/** Accounts of the operators that turn references into Secrets, where their own installation puts them. */
const SECRET_OPERATORS: Readonly<Record<PlatformSpec['secrets']['mechanism'], readonly string[]>> = {
  'external-secrets': ['system:serviceaccount:external-secrets:external-secrets'],
  'sealed-secrets': ['system:serviceaccount:sealed-secrets:sealed-secrets-controller'],
  sops: [],
};

/**
 * What a platform's settings say of its policies.
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
          "cannot hold kyverno-legacy with knative: true, since a ClusterPolicy cannot tell Kubernetes' Services from Knative's and Kyverno then refuses it; use kyverno",
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
      // Knative's controllers make revisions, routes and ExternalName Services of a function.
      ...(platform.knative ? ['system:serviceaccounts:knative-serving'] : []),
      ...trustedAccounts,
    ],
  };
}

/** One file an object, `<kind>.<name>.yaml`, as a reviewer and a reconciler read them. */
export function policyFiles(objects: readonly KubeObject[]): FileSet {
  return fileSet(
    objects.map(
      (object) => [manifestFileName(object), manifestText(object, 'greenroom.yaml and its exceptions')] as const,
    ),
  );
}
