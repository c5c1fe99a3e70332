import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { GreenroomError } from '../../core/errors.ts';
import { importCompose } from '../../import/compose.ts';
import type { Imported, ImportOptions } from '../../import/draft.ts';
import { importHeroku } from '../../import/heroku.ts';
import { importScore } from '../../import/score.ts';
import { parseImage } from '../../model/image.ts';
import type { Configure } from '../shared/command.ts';
import { readInput, writeFiles } from '../shared/files.ts';
import type { Io } from '../shared/io.ts';
import { withSchema } from '../shared/preview-file.ts';

interface Options {
  registry?: string;
  out?: string;
  overwrite?: boolean;
}

const FORMATS: Readonly<Record<string, (text: string, file: string, options: ImportOptions, io: Io) => Imported>> = {
  compose: importCompose,
  score: importScore,
  'heroku-app-json': (text, file, options, io) => importHeroku(text, file, options, procfile(file, io)),
};

export const configure: Configure = (command, io) => {
  command
    .argument('<format>', `one of ${Object.keys(FORMATS).join(', ')}`)
    .argument('<file>', 'the file; for an app.json, the Procfile in its folder is read too')
    .option('--registry <host/path>', 'registry to which CI pushes the images that the file builds, e.g. ghcr.io/acme')
    .option('--out <file>', 'write to this file instead of printing, with a schema for editors')
    .option('--overwrite', 'overwrite an existing file')
    .addHelpText(
      'after',
      `
What a preview cannot have is listed on stderr and in a comment of the file, with the reason.

Examples:
  greenroom import compose compose.yaml --registry ghcr.io/acme --out preview.yaml
  greenroom import score score.yaml > preview.yaml`,
    )
    .action((format: string, file: string, options: Options) => run(format, file, options, io));
};

function run(format: string, file: string, { registry, out, overwrite }: Options, io: Io): void {
  const read = Object.hasOwn(FORMATS, format) ? FORMATS[format] : undefined;
  if (read === undefined) {
    const known = Object.keys(FORMATS).join(', ');
    throw new GreenroomError('invalid-input', `there is no format "${format}"; there are ${known}`);
  }
  if (registry !== undefined && typeof parseImage(`${registry}/app`) === 'string') {
    throw new GreenroomError(
      'invalid-input',
      `--registry takes a host with a path, such as ghcr.io/acme; found "${registry}"`,
    );
  }
  if (out !== undefined && overwrite !== true && existsSync(resolve(io.cwd, out))) {
    throw new GreenroomError('invalid-input', `${out} is there already; --overwrite writes over it`);
  }
  const text = new TextDecoder().decode(readInput(io.cwd, file));
  const { text: preview, notes } = read(text, file, registry === undefined ? {} : { registry }, io);
  if (out === undefined) io.out(preview);
  else writeFiles(io.cwd, withSchema(out, preview));
  for (const note of notes) io.err(`not imported: ${note}\n`);
}

function procfile(file: string, io: Io): string | undefined {
  const name = join(dirname(file), 'Procfile');
  return existsSync(resolve(io.cwd, name)) ? new TextDecoder().decode(readInput(io.cwd, name)) : undefined;
}
