import { formatProblem, GreenroomError, type Position, type Problem, platformAtFault } from '../core/errors.ts';
import { isDenial } from '../core/finding.ts';
import { isRecord } from '../core/json.ts';
import { loadPreview } from '../model/files.ts';
import { PLATFORM_FILE } from '../model/layout.ts';
import { type FieldPath, fieldName, type Positions } from '../model/load.ts';
import { serviceClasses } from '../model/platform/service-class.ts';
import { defaultPlatform, type PlatformSpec } from '../model/platform.ts';
import type { Preview } from '../model/preview.ts';
import { API_VERSION } from '../model/scalars.ts';
import { TEMPLATE_NAMES, templateOf } from '../model/templates/index.ts';
import { requiredFields } from '../model/templates/required.ts';
import type { CompiledPreview, CompileInput, Compiler } from './compiler.ts';
import { EVIDENCE_RULES } from './evidence.ts';

/** What a correct preview is made of. */
type Flawless = Pick<Preview['spec'], 'template' | 'size'> & {
  /** A type of `services` that it has. @default - none */
  readonly service?: string;
};

/** A platform that is tested with previews whose files are certainly correct. */
export interface Trial {
  readonly platform: PlatformSpec;
  /** Positions of its settings. @default - only their names are reported */
  readonly positions?: Positions | undefined;
  /** A compiler for these or changed settings. */
  compilerFor(platform: PlatformSpec, extensions: 'with' | 'without'): Compiler;
}

/**
 * A compiler that does not blame a maker for a platform error. If a preview fails, a correct preview of the same
 * template is compiled in every size. If all sizes fail, the settings or an extension are wrong.
 */
export function blaming(trial: Trial): Compiler {
  const compile = trial.compilerFor(trial.platform, 'with');
  return (input) => {
    let compiled: CompiledPreview;
    try {
      compiled = compile(input);
    } catch (error) {
      if (!(error instanceof GreenroomError) || error.code !== 'invalid-input' || error.isPlatforms) throw error;
      throw faultOf(trial, compile, input.preview.value.spec) ?? error;
    }
    if (!compiled.denied) return compiled;
    const fault = faultOf(trial, compile, input.preview.value.spec);
    if (fault !== null) throw fault;
    return compiled;
  };
}

/**
 * Tests a platform's settings, extensions and rules with a correct preview of every template.
 *
 * @throws GreenroomError `invalid-input`, marked as the platform's, if one fails in every size
 */
export function tryPlatform(trial: Trial): void {
  const compile = trial.compilerFor(trial.platform, 'with');
  const sizes = Object.keys(trial.platform.sizes);
  for (const template of TEMPLATE_NAMES) {
    const fault = faultOf(trial, compile, { template, size: sizes[0]! });
    if (fault !== null) throw fault;
  }
  // What their operators make is only known from these settings.
  for (const [service] of serviceClasses(trial.platform.services)) {
    const fault = faultOf(trial, compile, { template: TEMPLATE_NAMES[0]!, size: sizes[0]!, service });
    if (fault !== null) throw fault;
  }
}

function faultOf(trial: Trial, compile: Compiler, { size, ...what }: Flawless): GreenroomError | null {
  const { platform } = trial;
  const sizes = Object.keys(platform.sizes);
  const first = size !== undefined && sizes.includes(size) ? size : sizes[0]!;
  const reasons = reasonsAgainst(compile, platform, { ...what, size: first });
  if (reasons.length === 0) return null;
  const isSound = sizes.some(
    (size) => size !== first && reasonsAgainst(compile, platform, { ...what, size }).length === 0,
  );
  return isSound ? null : platformAtFault([problemOf(trial, what, reasons)]);
}

/**
 * One problem per cause. It names the wrong setting if that can be found, and the message that a maker would get
 * otherwise.
 */
function problemOf(trial: Trial, what: Omit<Flawless, 'size'>, reasons: readonly string[]): Problem {
  const more = reasons.length === 1 ? '' : ` (and ${reasons.length - 1} more)`;
  const words = `; its maker would read: ${reasons[0]}${more}`;
  const { template, service } = what;
  const kind = service === undefined ? `of the template ${template}` : `with a ${service}`;
  const path = settingAtFault(trial, what);
  if (path === undefined) {
    const message = `no preview ${kind} can start with these settings and extensions${words}`;
    return { file: PLATFORM_FILE, message };
  }
  const message = `lets no preview ${kind} start${words}`;
  return { ...placeOf(trial, path), field: fieldName(path), message };
}

function placeOf({ positions }: Trial, path: FieldPath): Partial<Position> {
  return positions?.of(path) ?? { file: PLATFORM_FILE };
}

/**
 * The one setting that, reset to its default, lets such a preview start; undefined if several settings are involved.
 */
function settingAtFault(trial: Trial, what: Omit<Flawless, 'size'>): FieldPath | undefined {
  const starts = (platform: PlatformSpec, extensions: 'with' | 'without') => {
    try {
      const compile = trial.compilerFor(platform, extensions);
      return reasonsAgainst(compile, platform, { ...what, size: Object.keys(platform.sizes)[0]! }).length === 0;
    } catch (error) {
      if (error instanceof GreenroomError) return false;
      throw error;
    }
  };
  const { platform } = trial;
  if (platform.extensions.length > 0 && starts(platform, 'without')) return ['spec', 'extensions'];
  const usual = defaultPlatform();
  const changed = changedSettings(platform, usual, []);
  const found = changed.find((path) =>
    starts(withSetting(platform, path, valueAt(usual, path)) as PlatformSpec, 'with'),
  );
  return found && ['spec', ...found];
}

/** Paths of all settings that differ from the defaults. `sizes` and `services` count as one setting each. */
function changedSettings(own: unknown, usual: unknown, path: readonly string[]): string[][] {
  if (JSON.stringify(own) === JSON.stringify(usual)) return [];
  if (!isRecord(own) || !isRecord(usual) || ['sizes', 'services'].includes(path[0]!)) return [[...path]];
  const keys = [...new Set([...Object.keys(own), ...Object.keys(usual)])];
  return keys.flatMap((key) => changedSettings(own[key], usual[key], [...path, key]));
}

function withSetting(settings: unknown, [key, ...rest]: readonly string[], value: unknown): unknown {
  if (key === undefined) return value;
  const own = isRecord(settings) ? settings : {};
  return { ...own, [key]: withSetting(own[key], rest, value) };
}

function valueAt(settings: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((value, key) => (isRecord(value) ? value[key] : undefined), settings);
}

/** Why a correct preview would not start; empty if it does. */
function reasonsAgainst(compile: Compiler, platform: PlatformSpec, what: Flawless): string[] {
  try {
    const { findings } = compile(flawless(platform, what));
    return findings
      .filter((finding) => isDenial(finding) && !EVIDENCE_RULES.includes(finding.rule))
      .map(({ object, field, message, rule }) => `${object.kind} ${object.name}, ${field}: ${message} [${rule}]`);
  } catch (error) {
    // A failing extension throws its own message.
    if (!(error instanceof GreenroomError) || error.code !== 'invalid-input' || error.isPlatforms) throw error;
    return error.problems.map(({ field, message }) => formatProblem({ ...(field && { field }), message }));
  }
}

/** A preview whose file is certainly correct. */
function flawless(platform: PlatformSpec, { template, size, service }: Flawless): CompileInput {
  const image = `${platform.registries[0]}/app@sha256:${'0'.repeat(64)}`;
  const resources = service === undefined ? {} : { resources: { db: { type: service } } };
  const spec = { template, image, size, ...requiredFields(templateOf(template)), ...resources };
  const labels = platform.clusters.flatMap(({ when }) => when?.labels ?? []);
  return {
    preview: loadPreview(JSON.stringify({ apiVersion: API_VERSION, kind: 'Preview', spec }), 'preview.yaml'),
    manifests: null,
    identity: { repositoryId: 1, owner: platform.sources[0]!.owner, repository: 'app', number: 1 },
    headSha: '0'.repeat(40),
    author: '',
    labels,
    times: { createdAt: 0, updatedAt: 0, committedAt: 0 },
  };
}
