import { resolve } from 'node:path';
import type { CompiledPreview } from '../../compile/compiler.ts';
import { EXIT_CODES } from '../../core/errors.ts';
import type { FileSet } from '../../core/fileset.ts';
import { isDenial } from '../../core/finding.ts';
import { RECORD_FILE } from '../../model/layout.ts';
import { parseRecord } from '../../model/record.ts';
import { findingLine } from '../../report/comment.ts';
import { count } from '../../report/text.ts';
import type { Configure } from '../shared/command.ts';
import { type CompileFileOptions, compileFile, compileFileOptions } from '../shared/compile-file.ts';
import { readFolder, removeFile, writeFiles } from '../shared/files.ts';
import { type Io, json } from '../shared/io.ts';
import { type Format, formatOption } from '../shared/options.ts';

interface RenderOptions extends CompileFileOptions {
  out?: string;
  format: Format;
}

export const configure: Configure = (command, io) => {
  compileFileOptions(formatOption(command))
    .option('--out <dir>', 'write files into this folder instead of printing them')
    .addHelpText(
      'after',
      `
The same input gives the same bytes on any machine. Nothing is written if the file is invalid or a rule refuses it.

Examples:
  greenroom render preview.yaml --platform greenroom.yaml --repo acme/shop --pr 7
  greenroom render preview.yaml --platform greenroom.yaml --repo acme/shop --pr 7 --out out`,
    )
    .action((file: string, options: RenderOptions) => render(file, options, io));
};

async function render(file: string, options: RenderOptions, io: Io): Promise<void> {
  const compiled = await compileFile(file, options, io);
  const denied = compiled.findings.filter(isDenial);
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
    writePreview(resolve(io.cwd, options.out), compiled);
    io.err(
      `${count(compiled.files.size, 'file')} in ${options.out}/${compiled.folder}; ${compiled.url === null ? 'it has no URL' : `it will answer at ${compiled.url}`}\n`,
    );
    for (const note of compiled.notes) io.err(`${note}\n`);
  } else if (options.format === 'text') {
    io.out(documents(compiled.files));
  }
}

/** Writes the files, and removes those of an earlier render that are no longer part of the preview. */
function writePreview(out: string, compiled: CompiledPreview): void {
  const folder = resolve(out, compiled.folder);
  const before = readFolder(folder, compiled.folder) ?? new Map<string, string>();
  const record = parseRecord(before.get(`${compiled.folder}/${RECORD_FILE}`) ?? '');
  writeFiles(out, compiled.files);
  if (record?.name !== compiled.name) return;
  for (const path of before.keys()) if (!compiled.files.has(path)) removeFile(resolve(out, path));
}

/** All files as one YAML stream, each after a comment with its path. */
function documents(files: FileSet): string {
  return [...files].map(([path, text]) => `# ${path}\n---\n${text}`).join('');
}
