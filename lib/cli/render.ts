import { dirname, resolve } from 'node:path';
import { type CompiledPreview, createCompiler } from '../compile/compile.ts';
import { parseTime } from '../core/clock.ts';
import { EXIT_CODES, GreenroomError } from '../core/errors.ts';
import type { FileSet } from '../core/fileset.ts';
import type { RepositoryRef } from '../forge/forge.ts';
import { loadPlatform, loadPreview } from '../model/files.ts';
import { RECORD_FILE } from '../model/layout.ts';
import { parseRecord } from '../model/record.ts';
import { findingLine } from '../report/comment.ts';
import { count } from '../report/text.ts';
import { readFolder, readInput, removeFile, writeFiles } from './files.ts';
import { type Io, json } from './io.ts';
import type { Configure } from './main.ts';
import { type Format, formatOption, numberArgument, repositoryArgument, shaArgument } from './options.ts';

interface RenderOptions {
  platform: string;
  repo: RepositoryRef;
  pr: number;
  repoId: number;
  sha: string;
  at: string;
  label: string[];
  out?: string;
  format: Format;
}

export const configure: Configure = (command, io) => {
  formatOption(command)
    .argument('<preview.yaml>', "the maker's file; its manifests folder is looked up beside it")
    .requiredOption('--platform <file>', "the platform's greenroom.yaml")
    .requiredOption('--repo <owner/name>', 'repository of the pull request', repositoryArgument)
    .requiredOption('--pr <number>', 'number of the pull request', numberArgument)
    .option('--repo-id <id>', 'numeric id of the repository on its forge', numberArgument, 1)
    .option('--sha <sha>', 'head commit', shaArgument, '0'.repeat(40))
    .option('--at <time>', "the pull request's time, ISO 8601 with a zone", '1970-01-01T00:00:00Z')
    .option(
      '--label <label>',
      'a label of the pull request; may be given again',
      (l: string, all: string[]) => [...all, l],
      [],
    )
    .option('--out <dir>', 'write files below this folder instead of printing them')
    .addHelpText(
      'after',
      `
The same input gives the same bytes on any machine. Nothing is written when the file is wrong or a rule refuses it.

Examples:
  greenroom render preview.yaml --platform greenroom.yaml --repo acme/shop --pr 7
  greenroom render preview.yaml --platform greenroom.yaml --repo acme/shop --pr 7 --out out`,
    )
    .action((file: string, options: RenderOptions) => render(file, options, io));
};

async function render(file: string, options: RenderOptions, io: Io): Promise<void> {
  const compiled = await compileFile(file, options, io);
  const denied = compiled.findings.filter((f) => f.severity === 'deny' && f.exception === undefined);
  if (options.format === 'json') {
    const { name, folder, cluster, url, expires, cost, findings, files } = compiled;
    io.out(json({ name, folder, cluster, url, expires, cost, findings, files: compiled.denied ? {} : files }));
  }
  if (options.format === 'text') for (const finding of compiled.findings) io.err(`${findingLine(finding)}\n`);
  if (compiled.denied) {
    io.err(`greenroom: ${count(denied.length, 'thing')} to change before this preview can run; nothing was written\n`);
    io.fail(EXIT_CODES.denied);
    return;
  }
  if (options.out !== undefined) {
    await writePreview(resolve(io.cwd, options.out), compiled);
    io.err(
      `${count(compiled.files.size, 'file')} in ${options.out}/${compiled.folder}; it will answer at ${compiled.url}\n`,
    );
  } else if (options.format === 'text') {
    io.out(documents(compiled.files));
  }
}

async function compileFile(file: string, options: RenderOptions, io: Io): Promise<CompiledPreview> {
  const at = parseTime(options.at);
  if (at === undefined) {
    throw new GreenroomError('invalid-input', `--at takes a time such as 2026-11-24T08:00:00Z; found "${options.at}"`);
  }
  const platform = loadPlatform(await readInput(io.cwd, options.platform), options.platform);
  const preview = loadPreview(await readInput(io.cwd, file), file);
  const folder = preview.value.spec.manifests;
  const manifests = folder === undefined ? null : await readFolder(resolve(io.cwd, dirname(file), folder), folder);
  const compile = createCompiler({ platform: platform.value.spec, now: at });
  return compile({
    preview,
    manifests,
    identity: {
      repositoryId: options.repoId,
      owner: options.repo.owner,
      repository: options.repo.name,
      number: options.pr,
    },
    headSha: options.sha,
    author: '',
    labels: options.label,
    times: { createdAt: at, updatedAt: at, committedAt: at },
  });
}

/** Also removes what an earlier render of the same preview left there and this one does not want. */
async function writePreview(out: string, compiled: CompiledPreview): Promise<void> {
  const folder = resolve(out, compiled.folder);
  const before = (await readFolder(folder, compiled.folder)) ?? new Map<string, string>();
  const record = parseRecord(before.get(`${compiled.folder}/${RECORD_FILE}`) ?? '');
  await writeFiles(out, compiled.files);
  if (record?.name !== compiled.name) return;
  for (const path of before.keys()) if (!compiled.files.has(path)) await removeFile(resolve(out, path));
}

/** All files as one YAML stream, each headed by its path. */
function documents(files: FileSet): string {
  return [...files].map(([path, text]) => `# ${path}\n---\n${text}`).join('');
}
