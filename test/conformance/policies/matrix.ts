import { createChecker } from '../../../lib/policies/checker.ts';
import { type CompileOptions, compilePolicies } from '../../../lib/policies/engines/index.ts';
import type { RuleParams } from '../../../lib/policies/params.ts';
import type { Rule } from '../../../lib/policies/rule.ts';
import { eventually } from '../eventually.ts';
import { judge } from '../judges.ts';
import {
  type AdmissionVerdict,
  dryRun,
  dryRunDebug,
  installPolicies,
  mapLimited,
  verdictOf,
  warningOnly,
} from './admission.ts';
import type { ApiServer, Manifest } from './api-server.ts';
import { crdsFor, isForeign } from './crds.ts';
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
  /** The API server takes the object through this subresource only, of an object that is there. */
  readonly subresource?: string;
  /** The rule that it is about: all that the slow judges are asked about it. @default - every rule, of every judge */
  readonly rule?: string;
  /** A field has a type that no API server takes; offline engines then report their evaluation's error. */
  readonly wrongType?: boolean;
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

/** Every rule's verdict on every subject, by each judge; the judges work side by side. */
export async function judgeAll(input: MatrixInput): Promise<Matrix> {
  const columns = input.columns ?? JUDGES;
  const verdicts = await Promise.all(columns.map((column) => COLUMNS[column](input)));
  return new Map(columns.map((column, i) => [column, verdicts[i] as readonly Verdict[]]));
}

const COLUMNS: Readonly<Record<JudgeColumn, (input: MatrixInput) => Promise<readonly Verdict[]>>> = {
  'in-process': async (input) => inProcess(input),
  'kube-apiserver': kubeApiServer,
  kyverno: (input) => offline(input, 'kyverno', 'kyverno'),
  'kyverno-legacy': (input) => offline(input, 'kyverno-legacy', 'kyverno-legacy'),
  'kyverno-vap': (input) => offline(input, 'kyverno-vap', 'vap'),
  gator: (input) => offline(input, 'gator', 'gatekeeper'),
};

function inProcess({ rules, params, options, subjects, namespaces }: MatrixInput): Verdict[] {
  const checker = createChecker({ onlyRules: rules, params, contact: options.contact });
  const byName = new Map(namespaces.map((namespace) => [namespace.metadata.name, namespace]));
  return subjects.map(({ object }) => {
    const namespaceObject = byName.get(object.metadata.namespace);
    const violations = checker.check(object, namespaceObject ? { namespaceObject } : {});
    return { refusals: new Map(violations.map(({ rule, message }) => [rule, message])) };
  });
}

/** How a verdict begins that a judge was not able to give. */
export const NOT_ASKED = 'not asked: ';

/**
 * What an engine's command line cannot do, with the upstream report. Those subjects are counted apart in the table;
 * the engine itself, or another judge that evaluates the same policies, is asked about them.
 */
const UNABLE: Readonly<
  Partial<Record<JudgeColumn, { readonly when: (object: Manifest) => boolean; readonly see: string }>>
> = {
  // It maps kinds to resources by a built-in list before it reads the definitions that it is given.
  'kyverno-vap': { when: isForeign, see: 'https://github.com/kyverno/kyverno/issues/15949' },
};

/** Kyverno's command line compiles each policy anew for each object. */
const SLOW: ReadonlySet<JudgeColumn> = new Set(['kyverno', 'kyverno-legacy', 'kyverno-vap']);
const RULES_AT_ONCE = 5;

function chunks<T>(items: readonly T[]): T[][] {
  const starts = items.flatMap((_, i) => (i % RULES_AT_ONCE === 0 ? [i] : []));
  return starts.map((i) => items.slice(i, i + RULES_AT_ONCE));
}

async function offline(input: MatrixInput, column: JudgeColumn, engine: CompileOptions['engine']): Promise<Verdict[]> {
  const policies = compilePolicies({ ...input.options, onlyRules: input.rules, engine }) as unknown as Manifest[];
  const unable = UNABLE[column];
  const asked = input.subjects.flatMap(({ object }) => (unable?.when(object) ? [] : [object]));
  const ruleOf = new Map(input.subjects.map(({ object, rule }) => [object, rule]));
  const isOf = (rules: readonly Rule[], id: string | undefined) => id === undefined || rules.some((r) => r.id === id);
  const refusals = new Map<Manifest, ReadonlyMap<string, string>>();
  for (const rules of SLOW.has(column) ? chunks(input.rules) : [input.rules]) {
    const names = new Set(rules.map(({ id }) => `greenroom-${id}`));
    const prepared = {
      // The guards are judged where accounts are known: by the API server.
      policies:
        engine === 'gatekeeper'
          ? policies.filter(({ kind }) => !kind.startsWith('ValidatingAdmission'))
          : policies.filter(({ metadata }) => names.has(metadata.name ?? '')),
      objects: asked.filter((object) => !SLOW.has(column) || isOf(rules, ruleOf.get(object))),
      namespaces: input.namespaces,
    };
    const found =
      engine === 'gatekeeper'
        ? await judgeWithGator(await judge('gator'), prepared)
        : await judgeWithKyverno(await judge('kyverno'), prepared);
    prepared.objects.forEach((object, i) => {
      refusals.set(object, new Map([...(refusals.get(object) ?? []), ...(found[i] as ReadonlyMap<string, string>)]));
    });
  }
  return input.subjects.map(({ object }) => {
    const found = refusals.get(object);
    return found ? { refusals: byRule(found, '') } : { refusals: new Map(), invalid: `${NOT_ASKED}${unable?.see}` };
  });
}

function isOfRule({ metadata }: Manifest): boolean {
  return !['greenroom-namespace-labels', 'greenroom-preview-accounts'].includes(metadata.name ?? '');
}

async function kubeApiServer(input: MatrixInput): Promise<Verdict[]> {
  const { api, round, subjects } = input;
  for (const crd of crdsFor(subjects.map(({ object }) => object))) await api.apply(crd);
  const label = `conformance.greenroom.dev/${round}`;
  for (const { metadata, ...namespace } of input.namespaces) {
    await api.apply({
      ...namespace,
      metadata: { ...metadata, labels: { ...(metadata['labels'] as object), [label]: '' } },
    } as Manifest);
  }
  const compiled = compilePolicies({ ...input.options, onlyRules: input.rules, engine: 'vap', previewLabel: label });
  const policies = (compiled as unknown as Manifest[]).filter(isOfRule).map((p) => renamed(p, `-${round}`));
  const sentences = new Map(policies.flatMap((policy) => sentenceOf(policy)));
  await installPolicies(api, warningOnly(policies).map(terse), round);
  for (const { object } of subjects) {
    await eventually(() => api.serves(object), { what: `the API server to serve ${object.kind}` });
  }
  const verdicts = await mapLimited(subjects, 8, async ({ object, subresource }) =>
    verdictOf(await (subresource === undefined ? dryRun(api, object) : dryRunDebug(api, object, subresource))),
  );
  return verdicts.map(({ refusals, ...rest }) => {
    const whole = [...refusals].map(
      ([name, said]) => [name, said === TERSE ? (sentences.get(name) ?? said) : said] as const,
    );
    return { ...rest, refusals: byRule(new Map(whole), `-${round}`) };
  });
}

/**
 * A server cuts and drops its warnings when there are many words in them: with all rules in force, verdicts would be lost.
 * Which policy refuses is asked here; that refusals say the whole sentence is asked where policies refuse.
 */
const TERSE = '-';

function terse(policy: Manifest): Manifest {
  const { validations, ...spec } = policy['spec'] as { validations?: readonly object[] };
  if (validations === undefined) return policy;
  return { ...policy, spec: { ...spec, validations: validations.map((each) => ({ ...each, message: TERSE })) } };
}

function sentenceOf(policy: Manifest): [string, string][] {
  const { validations } = policy['spec'] as { validations?: readonly { message: string }[] };
  return validations?.[0] === undefined ? [] : [[policy.metadata.name as string, validations[0].message]];
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

/**
 * Where a judge's verdict is not that of the in-process check. What an API server cannot read at all is no verdict, and
 * outside of previews only the rules count that look there.
 */
export function disagreements(
  matrix: Matrix,
  { subjects, rules, namespaces }: Pick<MatrixInput, 'subjects' | 'rules' | 'namespaces'>,
): Disagreement[] {
  const own = matrix.get('in-process') ?? [];
  return [...matrix].flatMap(([column, verdicts]) =>
    verdicts.flatMap(({ refusals, invalid }, i) =>
      rules.flatMap((rule) => {
        const subject = subjects[i] as Subject;
        const expected = own[i]?.refusals.get(rule.id);
        const found = refusals.get(rule.id);
        return invalid === undefined &&
          looksAt(column, rule, subject, namespaces) &&
          (expected === undefined) !== (found === undefined)
          ? [{ judge: column, rule: rule.id, subject, expected, found }]
          : [];
      }),
    ),
  );
}

/** Command lines that hand over no more of a namespace than its name and labels, with the upstream report. */
const WITHOUT_ANNOTATIONS: Readonly<Partial<Record<JudgeColumn, string>>> = {
  gator: 'https://github.com/open-policy-agent/gatekeeper/issues/3777',
  'kyverno-legacy': 'https://github.com/kyverno/kyverno/pull/9977',
  'kyverno-vap': 'https://github.com/kyverno/kyverno/pull/9978',
};

/** Whether the judge asks the rule about the object: by its kind, by where it is, and by the way it comes. */
export function looksAt(
  column: JudgeColumn,
  { id, match, place, needsRepository }: Rule,
  { object, subresource, rule: about }: Subject,
  namespaces: readonly Manifest[],
): boolean {
  // Through a subresource nothing changes that rules about any kind look at. Offline there are no subresources.
  if (match === 'any' && subresource !== undefined && column === 'kube-apiserver') return false;
  if (SLOW.has(column) && about !== undefined && about !== id) return false;
  if (needsRepository && WITHOUT_ANNOTATIONS[column] !== undefined) return false;
  const group = object.apiVersion.includes('/') ? object.apiVersion.split('/')[0] : '';
  const ofKind = match === 'any' || match.some((m) => m.group === group && m.kind === object.kind);
  const home = namespaces.find(({ metadata }) => metadata.name === object.metadata.namespace);
  return ofKind && (place === 'reconciler' || home?.metadata['labels'] !== undefined);
}
