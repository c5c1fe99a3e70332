import { basename } from 'node:path';
import { checkPlatform } from '../compile/compile.ts';
import type { CompilerOptions } from '../compile/compiler.ts';
import { invalidInput } from '../core/errors.ts';
import type { Finding } from '../core/finding.ts';
import { isRecord } from '../core/json.ts';
import { exceptionSchema } from '../model/exception.ts';
import { PREVIEW_LABEL, REPOSITORY_ANNOTATION } from '../model/labels.ts';
import { RECORD_FILE } from '../model/layout.ts';
import { loadDocument, MAX_PLATFORM_BYTES, parseSafeYaml, type YamlDocument } from '../model/load.ts';
import { defaultPlatform, type PlatformSpec, platformSchema } from '../model/platform.ts';
import { previewSchema } from '../model/preview.ts';
import { parseRecord } from '../model/record.ts';
import { createCelCompiler } from '../policies/cel.ts';
import { checkText } from '../policies/check-text.ts';
import { type Checker, type CheckerOptions, createChecker } from '../policies/checker.ts';
import { type ExceptionOptions, loadExceptions } from '../policies/exceptions.ts';
import { fenceParams, makerParams, ruleParams } from '../policies/params.ts';
import { loadPlatform } from '../policies/platform.ts';
import type { Rule } from '../policies/rule.ts';
import { chosenRules } from '../policies/rule-set.ts';
import { RECONCILER_FOLDERS } from '../reconcilers/index.ts';

/** Rules whose result depends on the platform's settings. */
export const PLATFORM_RULES = ['allowed-registries', 'own-host', 'own-gateway', 'plain-secrets', 'own-application'];

export interface Checkers {
  /** For the maker's files. */
  readonly maker: Checker;
  /** For files of a preview's app in the apps repo, which the app's account applies. */
  readonly app: Checker;
  /** For files of a preview's fence in the apps repo. */
  readonly fence: Checker;
}

/** Whose files are checked. */
export interface CheckedFor {
  /** `owner/name`; null if unknown: references to secrets may then begin with anything. */
  readonly repository: string | null;
  /** The preview that the objects belong to. @default - the one that a file names, or a dummy */
  readonly preview?: string | undefined;
}

/**
 * @param platform null skips {@link PLATFORM_RULES}
 * @param extraRules additional rules of the platform
 */
export function createCheckers(
  platform: PlatformSpec | null,
  extraRules: readonly Rule[] = [],
  { repository }: CheckedFor = { repository: null },
): Checkers {
  const options = { ...(platform === null ? withoutPlatform() : withPlatform(platform)), cel: createCelCompiler() };
  const secrets = repository === null ? { ...options.params.secrets, prefix: '' } : options.params.secrets;
  const params = { ...options.params, secrets };
  // Most rules about app objects do not apply to a fence, but it may contain only the kinds of a fence.
  const ofFences = chosenRules({ extraRules }).filter(
    ({ scope, id }) => scope === 'everyone' || id === 'allowed-kinds',
  );
  return {
    maker: createChecker({ ...options, params: makerParams(params), extraRules }),
    app: createChecker({ ...options, params, extraRules }),
    fence: createChecker({
      ...options,
      params: fenceParams(params, platform ?? { fenceKinds: [], imagePullSecrets: [], services: {} }),
      severities: {},
      onlyRules: ofFences,
    }),
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
  /** The text with all fixes applied; null if there are none or `fix` is not set. */
  readonly fixed: string | null;
}

export interface CheckFileOptions {
  /** Whether to apply fixes. @default false */
  readonly fix?: boolean;
  /** Whether findings contain their fix. @default true */
  readonly fixes?: boolean;
  /** Additional rules of the platform. @default - none */
  readonly extraRules?: readonly Rule[];
  /** Extensions with which a greenroom.yaml is tested. @default - none */
  readonly extensions?: CompilerOptions['extensions'];
  /** The settings and the time (unix seconds) that decide whether an exception has an effect. @default - only its schema counts */
  readonly at?: Pick<ExceptionOptions, 'platform' | 'now'> | undefined;
}

/** Folders of a preview in an apps repo. All except `app` are applied by the platform's accounts. */
const COMMITTED = new RegExp(`(^|/)previews/[^/]+/[^/]+/[^/]+/(${['fence', 'app', ...RECONCILER_FOLDERS].join('|')})/`);

/**
 * Checks one file: Kubernetes objects by the rules, greenroom's own files by their schemas.
 *
 * @throws GreenroomError `invalid-input` with all problems of a file that cannot be checked
 */
export function checkFile(
  checkers: Checkers,
  bytes: Uint8Array,
  file: string,
  {
    fix = false,
    fixes = true,
    repository = null,
    preview,
    extraRules = [],
    extensions = [],
    at,
  }: Partial<CheckedFor> & CheckFileOptions = {},
): CheckedFile {
  const options = { file, maxBytes: MAX_PLATFORM_BYTES, documents: 'many' } as const;
  const { documents, problems, text } = parseSafeYaml(bytes, options);
  if (problems.length > 0) throw invalidInput(problems);
  const own = { findings: [], objects: documents.length, fixed: null };
  if (basename(file) === RECORD_FILE) {
    if (parseRecord(text) !== null) return own;
    throw invalidInput([
      { file, message: 'is not a record in the format of greenroom; it would stop the ApplicationSets' },
    ]);
  }
  const schema = ownSchema(documents[0]);
  if (schema === platformSchema) {
    const { value, positions } = loadPlatform(bytes, file, extraRules);
    checkPlatform({ platform: value.spec, positions, now: 0, extraRules, extensions });
    return own;
  }
  if (schema !== undefined) {
    loadDocument(schema, bytes, file, { maxBytes: MAX_PLATFORM_BYTES });
    if (schema === exceptionSchema && at !== undefined) {
      const { refused } = loadExceptions(new Map([[file, text]]), { ...at, rules: chosenRules({ extraRules }) });
      if (refused.length > 0) throw invalidInput(refused);
    }
    return own;
  }
  const checker = checkerOf(checkers, file);
  const context = {
    file,
    namespaceObject: namespaceOf(documents, { repository, preview }),
    madeUp: DUMMY,
    fixes: fix || fixes,
  };
  const first = checkText(checker, text, context);
  if (!fix || first.fixed === text) return { findings: first.findings, objects: documents.length, fixed: null };
  const { findings } = checkText(checker, first.fixed, context);
  return { findings, objects: documents.length, fixed: first.fixed };
}

/** Whether a file has the kind of a maker's preview.yaml. */
export function claimsPreview(bytes: Uint8Array): boolean {
  const { documents } = parseSafeYaml(bytes, { file: '', maxBytes: MAX_PLATFORM_BYTES, documents: 'many' });
  return ownSchema(documents[0]) === previewSchema;
}

function checkerOf({ maker, app, fence }: Checkers, file: string): Checker {
  const part = COMMITTED.exec(file.replaceAll('\\', '/'))?.[2];
  if (part === undefined) return maker;
  return part === 'app' ? app : fence;
}

/** The schema of one of greenroom's own files, by its kind. */
function ownSchema(document: YamlDocument | undefined) {
  const { apiVersion, kind } = (document?.value ?? {}) as { apiVersion?: unknown; kind?: unknown };
  if (typeof apiVersion !== 'string' || !apiVersion.startsWith('greenroom.dev/')) return undefined;
  if (kind === 'Platform') return platformSchema;
  return kind === 'Exception' ? exceptionSchema : previewSchema;
}

/** Dummy name of a preview, if none is known; a fix must not write it. */
const DUMMY = 'pr-any-1';

/** The namespace of a file's objects: of the given preview, else of the first preview that an object names, else a dummy. */
function namespaceOf(documents: readonly YamlDocument[], { repository, preview }: CheckedFor): unknown {
  const named = documents.flatMap(({ value }) => {
    const namespace = isRecord(value) && isRecord(value.metadata) ? value.metadata.namespace : undefined;
    return typeof namespace === 'string' && namespace.startsWith('pr-') ? [namespace] : [];
  });
  const name = preview ?? named[0] ?? DUMMY;
  const labels = { [PREVIEW_LABEL]: name, 'kubernetes.io/metadata.name': name };
  const annotations = { [REPOSITORY_ANNOTATION]: repository ?? 'any/any' };
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels, annotations } };
}
