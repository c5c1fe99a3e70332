import { basename } from 'node:path';
import { type CompilerOptions, checkPlatform } from '../compile/compile.ts';
import { invalidInput } from '../core/errors.ts';
import type { Finding } from '../core/finding.ts';
import { exceptionSchema } from '../model/exception.ts';
import { PREVIEW_LABEL, REPOSITORY_ANNOTATION } from '../model/labels.ts';
import { RECORD_FILE } from '../model/layout.ts';
import { loadDocument, MAX_PLATFORM_BYTES, parseSafeYaml, type YamlDocument } from '../model/load.ts';
import { defaultPlatform, type PlatformSpec, platformSchema } from '../model/platform.ts';
import { previewSchema } from '../model/preview.ts';
import { parseRecord } from '../model/record.ts';
import { type Checker, type CheckerOptions, createChecker } from '../policies/check.ts';
import { checkText } from '../policies/check-text.ts';
import { ruleParams } from '../policies/params.ts';
import { isRecord } from '../policies/paths.ts';
import { loadPlatform } from '../policies/platform.ts';
import type { Rule } from '../policies/rule.ts';
import { RULES } from '../policies/rules/index.ts';

/** Rules whose answer depends on the platform's own settings; `own-secrets` then takes the default store. */
export const PLATFORM_RULES = ['allowed-registries', 'own-host', 'own-application'];

export interface Checkers {
  /** For what a maker or the app's account writes. */
  readonly app: Checker;
  /** For what the platform's side writes. */
  readonly fence: Checker;
}

/** Whose files are judged. */
export interface CheckedFor {
  /** `owner/name`; null where nobody knows: references to secrets then may begin with anything. */
  readonly repository: string | null;
}

/**
 * @param platform null leaves out {@link PLATFORM_RULES}
 * @param own rules beside greenroom's
 */
export function createCheckers(
  platform: PlatformSpec | null,
  own: readonly Rule[] = [],
  { repository }: CheckedFor = { repository: null },
): Checkers {
  const options = platform === null ? withoutPlatform() : withPlatform(platform);
  const { params } = options;
  const secrets = repository === null ? { ...params.secrets, prefix: '' } : params.secrets;
  const rules = [...RULES, ...own];
  const fence = rules.filter((rule) => rule.scope === 'everyone');
  return {
    app: createChecker({ ...options, params: { ...params, secrets }, rules }),
    fence: createChecker({ ...options, severities: {}, rules: fence }),
  };
}

function withPlatform(platform: PlatformSpec): CheckerOptions {
  const { severities, contact } = platform.policies;
  return { params: ruleParams(platform), severities, contact };
}

function withoutPlatform(): CheckerOptions {
  return {
    params: ruleParams(defaultPlatform()),
    severities: Object.fromEntries(PLATFORM_RULES.map((rule) => [rule, 'off'])),
  };
}

export interface CheckedFile {
  readonly findings: readonly Finding[];
  readonly objects: number;
  /** The text with all mechanical fixes made; null where there are none, or none were asked for. */
  readonly fixed: string | null;
}

export interface CheckFileOptions {
  /** Whether to mend what can be mended. @default false */
  readonly fix?: boolean;
  /** Of the platform's own, beside greenroom's. @default - none */
  readonly rules?: readonly Rule[];
  /** What a greenroom.yaml is tried with. @default - none */
  readonly extensions?: CompilerOptions['extensions'];
}

/** Folders that the platform's side writes; rules about what makers may hold are not for them. */
const FENCE = /(^|\/)previews\/[^/]+\/[^/]+\/[^/]+\/(?:fence|flux)\//;

/**
 * Judges one file: Kubernetes objects by the rules, greenroom's own files by their schemas.
 *
 * @throws GreenroomError `invalid-input` with every problem of a file that cannot be judged
 */
export function checkFile(
  checkers: Checkers,
  bytes: Uint8Array,
  file: string,
  { fix = false, repository = null, rules = [], extensions = [] }: Partial<CheckedFor> & CheckFileOptions = {},
): CheckedFile {
  const options = { file, maxBytes: MAX_PLATFORM_BYTES, documents: 'many' } as const;
  const { documents, problems, text } = parseSafeYaml(bytes, options);
  if (problems.length > 0) throw invalidInput(problems);
  const own = { findings: [], objects: documents.length, fixed: null };
  if (basename(file) === RECORD_FILE) {
    if (parseRecord(text) !== null) return own;
    throw invalidInput([{ file, message: 'is not a record as greenroom writes it; ApplicationSets would stop on it' }]);
  }
  const schema = ownSchema(documents[0]);
  if (schema === platformSchema) {
    const { spec } = loadPlatform(bytes, file, rules).value;
    checkPlatform({ platform: spec, now: 0, rules, extensions });
    return own;
  }
  if (schema !== undefined) {
    loadDocument(schema, bytes, file, { maxBytes: MAX_PLATFORM_BYTES });
    return own;
  }
  const checker = FENCE.test(file.replaceAll('\\', '/')) ? checkers.fence : checkers.app;
  const context = { file, namespaceObject: namespaceOf(documents, repository), madeUp: MADE_UP };
  const first = checkText(checker, text, context);
  if (!fix || first.fixed === text) return { findings: first.findings, objects: documents.length, fixed: null };
  const { findings } = checkText(checker, first.fixed, context);
  return { findings, objects: documents.length, fixed: first.fixed };
}

/** Whether a file says that it is a maker's. */
export function claimsPreview(bytes: Uint8Array): boolean {
  const { documents } = parseSafeYaml(bytes, { file: '', maxBytes: MAX_PLATFORM_BYTES, documents: 'many' });
  return ownSchema(documents[0]) === previewSchema;
}

/** The schema of one of greenroom's own files, by the kind that it claims to be. */
function ownSchema(document: YamlDocument | undefined) {
  const { apiVersion, kind } = (document?.value ?? {}) as { apiVersion?: unknown; kind?: unknown };
  if (typeof apiVersion !== 'string' || !apiVersion.startsWith('greenroom.dev/')) return undefined;
  if (kind === 'Platform') return platformSchema;
  return kind === 'Exception' ? exceptionSchema : previewSchema;
}

/** The preview that an object would stand in, where nothing says which; no fix may write it anywhere. */
const MADE_UP = 'pr-any-1';

/** The namespace that a file's objects would stand in: the first preview's that one names, or any. */
function namespaceOf(documents: readonly YamlDocument[], repository: string | null): unknown {
  const named = documents.flatMap(({ value }) => {
    const namespace = isRecord(value) && isRecord(value.metadata) ? value.metadata.namespace : undefined;
    return typeof namespace === 'string' && namespace.startsWith('pr-') ? [namespace] : [];
  });
  const name = named[0] ?? MADE_UP;
  const labels = { [PREVIEW_LABEL]: name, 'kubernetes.io/metadata.name': name };
  const annotations = { [REPOSITORY_ANNOTATION]: repository ?? 'any/any' };
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels, annotations } };
}
