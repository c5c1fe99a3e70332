import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { systemClock } from '../../core/clock.ts';
import { GreenroomError } from '../../core/errors.ts';
import { namesOf, type RepositoryRef } from '../../core/repository.ts';
import { guessFromDockerfile } from '../../create/guess.ts';
import { PREVIEW_FILE } from '../../model/layout.ts';
import type { ExtensionOptions } from '../shared/extensions.ts';
import { readInput, writeFiles } from '../shared/files.ts';
import { type Io, json } from '../shared/io.ts';
import type { Format } from '../shared/options.ts';
import { findPlatform } from '../shared/platform.ts';
import { withSchema } from '../shared/preview-file.ts';
import { repositoryAt } from '../shared/stand-in.ts';

interface PreviewOnlyOptions extends ExtensionOptions {
  repo?: RepositoryRef;
  appsRepo?: string;
  branch?: string;
  out?: string;
  overwrite?: boolean;
  dryRun?: boolean;
  format: Format;
}

const DOCKERFILES = ['Dockerfile', 'Containerfile'];

/** Writes preview.yaml into an existing repository, from its Dockerfile, and reports what was guessed. */
export async function guessPreview(options: PreviewOnlyOptions, io: Io): Promise<void> {
  const { out = PREVIEW_FILE, overwrite, dryRun, format } = options;
  const file = DOCKERFILES.find((name) => existsSync(resolve(io.cwd, name)));
  if (file === undefined) {
    throw new GreenroomError(
      'invalid-input',
      `there is no ${DOCKERFILES.join(' or ')} here: run it in a folder that has one`,
    );
  }
  if (existsSync(resolve(io.cwd, out)) && overwrite !== true) {
    throw new GreenroomError('invalid-input', `${out} is there already; --overwrite writes over it`);
  }
  const known = await repositoryAt(options, '.', io);
  const repository = known ?? 'your-organization/app';
  const side = await findPlatform(options, ['.'], systemClock(), io);
  const { owner, name } = namesOf({ path: repository.toLowerCase() });
  const image = `${side?.platform.registries[0] ?? `ghcr.io/${owner}`}/${name}`;
  const dockerfile = new TextDecoder().decode(readInput(io.cwd, file));
  const guess = guessFromDockerfile(dockerfile, image);
  const where = side === null ? 'since no greenroom.yaml names the registry of images' : "by the platform's registry";
  const doubt = known === null ? `; "${name}" is a placeholder, since no Git remote names the repository` : '';
  const notes = [`image: ${image}, ${where}${doubt}`, ...guess.notes];
  if (format === 'json') io.out(json({ file: out, text: guess.text, notes }));
  else if (dryRun === true) io.out(guess.text);
  if (dryRun !== true) writeFiles(io.cwd, withSchema(out, guess.text));
  if (format === 'text') for (const note of notes) io.err(`${note}\n`);
  if (dryRun !== true && format === 'text') io.err(`Next: read ${out}, then \`greenroom check\`.\n`);
}
