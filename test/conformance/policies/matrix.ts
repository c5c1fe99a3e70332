import { createChecker } from '../../../lib/policies/check.ts';
import { type CompileOptions, compilePolicies } from '../../../lib/policies/engines/index.ts';
import type { RuleParams } from '../../../lib/policies/params.ts';
import type { Rule } from '../../../lib/policies/rule.ts';
import { eventually } from '../eventually.ts';
import { judge } from '../judges.ts';
import { type AdmissionVerdict, dryRun, installPolicies, mapLimited, verdictOf, warningOnly } from './admission.ts';
import type { ApiServer, Manifest } from './api-server.ts';
import { crdOf } from './crds.ts';
import { judgeWithGator } from './gator.ts';
import { judgeWithKyverno } from './kyverno.ts';

export const JUDGES = ['in-process', 'kube-apiserver', 'kyverno', 'kyverno-legacy', 'kyverno-vap', 'gator'] as const;
export type JudgeColumn = (typeof JUDGES)[number];

/** By rule id: the message of the refusal. */
export type Verdict = AdmissionVerdict;

export interface Subject {
  /** What it is, for messages. */
  readonly label: string;
  readonly object: Manifest;
}

export interface MatrixInput {
  readonly api: ApiServer;
  readonly rules: readonly Rule[];
  readonly options: Omit<CompileOptions, 'engine'>;
  readonly params: RuleParams;
  readonly subjects: readonly Subject[];
  readonly namespaces: readonly Manifest[];
  /** Tells policies of one call from those of another on the same API server. */
  readonly round: string;
  /** @default all */
  readonly columns?: readonly JudgeColumn[];
}

export type Matrix = ReadonlyMap<JudgeColumn, readonly Verdict[]>;

/** Every rule's verdict on every subject, by each judge. */
export async function judgeAll(input: MatrixInput): Promise<Matrix> {
  const matrix = new Map<JudgeColumn, readonly Verdict[]>();
  for (const column of input.columns ?? JUDGES) matrix.set(column, await COLUMNS[column](input));
  return matrix;
}

const COLUMNS: Readonly<Record<JudgeColumn, (input: MatrixInput) => Promise<readonly Verdict[]>>> = {
  'in-process': async (input) => inProcess(input),
  'kube-apiserver': kubeApiServer,
  kyverno: (input) => offline(input, 'kyverno'),
  'kyverno-legacy': (input) => offline(input, 'kyverno-legacy'),
  'kyverno-vap': (input) => offline(input, 'vap'),
  gator: (input) => offline(input, 'gatekeeper'),
};

function inProcess({ rules, params, options, subjects, namespaces }: MatrixInput): Verdict[] {
  const checker = createChecker({ rules, params, contact: options.contact });
  const byName = new Map(namespaces.map((namespace) => [namespace.metadata.name, namespace]));
  return subjects.map(({ object }) => {
    const namespaceObject = byName.get(object.metadata.namespace);
    const violations = checker.check(object, namespaceObject ? { namespaceObject } : {});
    return { refusals: new Map(violations.map(({ rule, message }) => [rule, message])) };
  });
}

async function offline(input: MatrixInput, engine: CompileOptions['engine']): Promise<Verdict[]> {
  const policies = compilePolicies(input.rules, { ...input.options, engine }) as unknown as Manifest[];
  const prepared = {
    // The guards are judged where accounts are known: by the API server.
    policies: policies.filter((p) => (engine === 'vap' ? isOfRule(p) : !p.kind.startsWith('ValidatingAdmission'))),
    objects: input.subjects.map(({ object }) => object),
    namespaces: input.namespaces,
  };
  const verdicts =
    engine === 'gatekeeper'
      ? await judgeWithGator(await judge('gator'), prepared)
      : await judgeWithKyverno(await judge('kyverno'), { ...prepared, crds: foreignKinds(input) });
  return verdicts.map((refusals) => ({ refusals: byRule(refusals, '') }));
}

function isOfRule({ metadata }: Manifest): boolean {
  return !['greenroom-namespace-labels', 'greenroom-preview-accounts'].includes(metadata.name ?? '');
}

/** Definitions of all kinds that Kubernetes does not have. */
function foreignKinds({ subjects }: MatrixInput): Manifest[] {
  const foreign = subjects.filter(({ object }) => {
    const group = object.apiVersion.split('/')[0] as string;
    return group.includes('.') && (group.startsWith('gateway.') || !group.endsWith('.k8s.io'));
  });
  const kinds = new Map(foreign.map(({ object }) => [`${object.apiVersion} ${object.kind}`, object]));
  return [...kinds.values()].map(crdOf);
}

async function kubeApiServer(input: MatrixInput): Promise<Verdict[]> {
  const { api, round, subjects } = input;
  for (const crd of foreignKinds(input)) await api.apply(crd);
  const label = `conformance.greenroom.dev/${round}`;
  for (const { metadata, ...namespace } of input.namespaces) {
    await api.apply({
      ...namespace,
      metadata: { ...metadata, labels: { ...(metadata['labels'] as object), [label]: '' } },
    } as Manifest);
  }
  const compiled = compilePolicies(input.rules, { ...input.options, engine: 'vap', previewLabel: label });
  const policies = (compiled as unknown as Manifest[]).filter(isOfRule).map((p) => renamed(p, `-${round}`));
  await installPolicies(api, warningOnly(policies), round);
  for (const { object } of subjects) {
    await eventually(() => api.serves(object), { what: `the API server to serve ${object.kind}` });
  }
  const verdicts = await mapLimited(subjects, 8, async ({ object }) => verdictOf(await dryRun(api, object)));
  return verdicts.map(({ refusals, ...rest }) => ({ ...rest, refusals: byRule(refusals, `-${round}`) }));
}

function renamed(policy: Manifest, suffix: string): Manifest {
  const spec = policy['spec'] as Record<string, unknown>;
  return {
    ...policy,
    metadata: { ...policy.metadata, name: `${policy.metadata.name}${suffix}` },
    spec: { ...spec, ...('policyName' in spec ? { policyName: `${spec['policyName']}${suffix}` } : {}) },
  };
}

/** From names of policies to ids of rules. */
function byRule(refusals: ReadonlyMap<string, string>, suffix: string): Map<string, string> {
  return new Map(
    [...refusals]
      .filter(([name]) => name.startsWith('greenroom-') && name.endsWith(suffix))
      .map(([name, message]) => [name.slice('greenroom-'.length, name.length - suffix.length), message]),
  );
}

export interface Disagreement {
  readonly judge: JudgeColumn;
  readonly rule: string;
  readonly subject: Subject;
  /** What the in-process check says, and what the judge says; undefined lets the object pass. */
  readonly expected: string | undefined;
  readonly found: string | undefined;
}

/** Where a judge's verdict is not that of the in-process check. What an API server cannot read at all is no verdict. */
export function disagreements(matrix: Matrix, subjects: readonly Subject[], rules: readonly Rule[]): Disagreement[] {
  const own = matrix.get('in-process') ?? [];
  return [...matrix].flatMap(([column, verdicts]) =>
    verdicts.flatMap(({ refusals, invalid }, i) =>
      rules.flatMap(({ id }) => {
        const expected = own[i]?.refusals.get(id);
        const found = refusals.get(id);
        if (invalid !== undefined || (expected === undefined) === (found === undefined)) return [];
        return [{ judge: column, rule: id, subject: subjects[i] as Subject, expected, found }];
      }),
    ),
  );
}
