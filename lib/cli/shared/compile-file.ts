import { basename, dirname, join, resolve } from 'node:path';
import type { Command } from 'commander';
import { appsOf } from '../../compile/apps.ts';
import { createCompiler } from '../../compile/compile.ts';
import type { CompiledPreview } from '../../compile/compiler.ts';
import { imagesWithoutDigest } from '../../compile/images-to-look-up.ts';
import { parseTime, systemClock } from '../../core/clock.ts';
import { GreenroomError, invalidInput } from '../../core/errors.ts';
import { readWorkFile, readWorkFolder } from '../../forge/work-folder.ts';
import { loadPreview } from '../../model/files.ts';
import { formatImage } from '../../model/image.ts';
import { PLATFORM_FILE, PREVIEW_FILE } from '../../model/layout.ts';
import { extensionOption } from './extensions.ts';
import type { Io } from './io.ts';
import { numberArgument } from './options.ts';
import { findPlatform, type PlatformOptions, type PlatformSide, platformOptions } from './platform.ts';
import { type StandInOptions, standIn, standInOptions } from './stand-in.ts';

export interface CompileFileOptions extends PlatformOptions, StandInOptions {
  repoId: number;
  at?: string;
}

/** Options of commands that compile a file as if it came with a pull request. */
export function compileFileOptions(command: Command, file = '<preview.yaml>'): Command {
  return standInOptions(platformOptions(extensionOption(command)))
    .argument(file, "the maker's file; its manifests folder is searched next to it")
    .option('--repo-id <id>', "the forge's numeric id of the repository", numberArgument, 1)
    .option(
      '--at <time>',
      "the time of the pull request, e.g. 2026-11-24T08:00:00Z; exceptions must be valid then; default: 1970, with today's exceptions",
    );
}

/** Compiles a file. The output depends only on the file and the options, not on the current time. */
export async function compileFile(file: string, options: CompileFileOptions, io: Io): Promise<CompiledPreview> {
  const at = options.at === undefined ? undefined : parseTime(options.at);
  if (at === undefined && options.at !== undefined) {
    throw new GreenroomError('invalid-input', `--at takes a time such as 2026-11-24T08:00:00Z; found "${options.at}"`);
  }
  const now = at ?? systemClock();
  const side = await findPlatform(options, [dirname(file), '.'], now, io);
  if (side === null) {
    const where = `there is no ${PLATFORM_FILE} in the folder of ${file}, above it or here`;
    throw new GreenroomError('invalid-input', `${where}: give --platform FILE or --apps-repo WHERE`);
  }
  const source = openWorkFile(file, io);
  return compileWork(source, side, { ...options, at: at ?? 0, now }, io);
}

/** A maker's file and its folder. */
export interface WorkFile {
  readonly text: string;
  /** The folder that is treated as the repository's root. */
  readonly folder: string;
  /** Converts a path of the repository to the path that the user gave. */
  readonly shown: (path: string) => string;
}

/** @throws GreenroomError `invalid-input` if the file does not exist, or could not be read at a commit either */
export function openWorkFile(file: string, io: Io): WorkFile {
  const folder = dirname(file);
  const shown = (path: string) => (path === PREVIEW_FILE ? file : join(folder, path));
  // The local file may have another name than in a repository.
  const given = () => file;
  return named(given, () => {
    const path = resolve(io.cwd, file);
    const text = readWorkFile(dirname(path), basename(path));
    if (text === null) throw invalidInput([{ file: PREVIEW_FILE, message: 'no such file' }]);
    return { text, folder, shown };
  });
}

export interface WorkOptions extends StandInOptions {
  /** Unix seconds: the pull request's time. */
  readonly at: number;
  /** Unix seconds: time for evaluating exceptions. */
  readonly now: number;
  /** Whether to accept a tag and its evidence as if a sync had found them in the registry. @default false */
  readonly assumeDigest?: boolean;
}

/**
 * Compiles a maker's file as `sync` would for a pull request with it.
 *
 * @throws GreenroomError as the compiler does, with file names as the user gave them
 */
export async function compileWork(
  { text, folder, shown }: WorkFile,
  side: PlatformSide,
  options: WorkOptions,
  io: Io,
): Promise<CompiledPreview> {
  const { at, now, sha = '0'.repeat(40), label } = options;
  const { identity, isKnown } = await standIn(options, folder, side.platform, io);
  // For a made-up repository the prefix of its secrets is not known.
  const secrets = isKnown ? side.platform.secrets : { ...side.platform.secrets, prefix: '' };
  const platform = { ...side.platform, secrets };
  const preview = named(shown, () => loadPreview(text, PREVIEW_FILE));
  const { spec } = preview.value;
  if (!isKnown && appsOf(preview.value).some((app) => Object.keys(app.spec.secrets).length > 0)) {
    io.err(
      'greenroom: no Git remote and no --repo say whose repository this is: the prefix of its secrets was not checked\n',
    );
  }
  const asked = options.assumeDigest === true ? { number: identity.number, headSha: sha } : null;
  const tagged = asked === null ? [] : imagesWithoutDigest(preview.value, platform, asked);
  const compiled = named(shown, () =>
    createCompiler({ ...side, platform, now })({
      preview,
      manifests: spec.manifests === undefined ? null : readWorkFolder(resolve(io.cwd, folder), spec.manifests),
      identity,
      headSha: sha,
      author: '',
      registration: side.registrations?.apps.get(`${identity.owner}/${identity.repository}`.toLowerCase()) ?? null,
      labels: label,
      digests: new Map(tagged.map((image) => [formatImage(image), `sha256:${'0'.repeat(64)}`])),
      evidenceLater: options.assumeDigest === true,
      times: { createdAt: at, updatedAt: at, committedAt: at },
    }),
  );
  const findings = compiled.findings.map((finding) => ({
    ...finding,
    file: shown(finding.file),
    ...(finding.fix && { fix: { ...finding.fix, file: shown(finding.fix.file) } }),
  }));
  return { ...compiled, findings };
}

/** Converts file names in problems to those that the user gave. */
function named<T>(shown: WorkFile['shown'], work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof GreenroomError) || error.code !== 'invalid-input' || error.isPlatforms) throw error;
    const problems = error.problems.map(({ file, fix, ...problem }) => ({
      ...(file !== undefined && { file: shown(file) }),
      ...problem,
      ...(fix && { fix: { ...fix, file: shown(fix.file) } }),
    }));
    throw invalidInput(problems, error);
  }
}
