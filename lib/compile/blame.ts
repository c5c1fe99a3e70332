import { formatProblem, GreenroomError, type Problem, platformAtFault } from '../core/errors.ts';
import { isDenial } from '../core/finding.ts';
import { loadPreview } from '../model/files.ts';
import { PLATFORM_FILE } from '../model/layout.ts';
import type { PlatformSpec } from '../model/platform.ts';
import type { Preview } from '../model/preview.ts';
import { API_VERSION } from '../model/scalars.ts';
import { TEMPLATE_NAMES, type TemplateName } from '../model/templates/index.ts';
import type { CompiledPreview, CompileInput, Compiler } from './compile.ts';
import { EVIDENCE_RULES } from './evidence.ts';

/**
 * A compiler that never blames a maker for what is the platform's doing. Where a preview does not come out, a flawless
 * one is compiled in its place, in every size: if none comes out, the settings or an extension are at fault.
 */
export function blaming(compile: Compiler, platform: PlatformSpec): Compiler {
  return (input) => {
    let compiled: CompiledPreview;
    try {
      compiled = compile(input);
    } catch (error) {
      if (!(error instanceof GreenroomError) || error.code !== 'invalid-input' || error.isPlatforms) throw error;
      throw faultOf(compile, platform, input.preview.value.spec) ?? error;
    }
    if (!compiled.denied) return compiled;
    const fault = faultOf(compile, platform, input.preview.value.spec);
    if (fault !== null) throw fault;
    return compiled;
  };
}

/**
 * Holds a platform's settings, its extensions and its rules against a flawless preview of every kind.
 *
 * @throws GreenroomError `invalid-input` of the platform's where one would not come out
 */
export function tryPlatform(compile: Compiler, platform: PlatformSpec): void {
  for (const template of TEMPLATE_NAMES) {
    const fault = faultOf(compile, platform, { template, size: Object.keys(platform.sizes)[0]! });
    if (fault !== null) throw fault;
  }
}

function faultOf(
  compile: Compiler,
  platform: PlatformSpec,
  { template, size }: Pick<Preview['spec'], 'template' | 'size'>,
): GreenroomError | null {
  const sizes = Object.keys(platform.sizes);
  const first = size !== undefined && sizes.includes(size) ? size : sizes[0]!;
  const problems = faults(compile, platform, template, first);
  if (problems.length === 0) return null;
  const isSound = sizes.some((other) => other !== first && faults(compile, platform, template, other).length === 0);
  return isSound ? null : platformAtFault(problems);
}

function faults(compile: Compiler, platform: PlatformSpec, template: TemplateName, size: string): Problem[] {
  const of = (reason: string): Problem => ({
    file: PLATFORM_FILE,
    message: `no preview of the template ${template} can start with these settings and extensions: ${reason}`,
  });
  try {
    const { findings } = compile(flawless(platform, template, size));
    return findings
      .filter((finding) => isDenial(finding) && !EVIDENCE_RULES.includes(finding.rule))
      .map(({ object, field, message, rule }) => of(`${object.kind} ${object.name}, ${field}: ${message} [${rule}]`));
  } catch (error) {
    if (!(error instanceof GreenroomError) || error.code !== 'invalid-input') throw error;
    return error.problems.map(({ field, message }) => of(formatProblem({ ...(field && { field }), message })));
  }
}

/** A preview whose file nobody could fault. */
function flawless(platform: PlatformSpec, template: TemplateName, size: string): CompileInput {
  const image = `${platform.registries[0]}/app@sha256:${'0'.repeat(64)}`;
  const spec = { template, image, size };
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
