import { existsSync, lstatSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { systemClock } from '../../core/clock.ts';
import { GreenroomError, invalidInput } from '../../core/errors.ts';
import { type FileSet, fileSet } from '../../core/fileset.ts';
import { builtInTemplates } from '../../create/project.ts';
import { type ProjectTemplate, readTemplate, TEMPLATE_FILE } from '../../create/template.ts';
import { isRemote, parseRemote } from '../../gitops/url.ts';
import { readFolder, readInput } from '../shared/files.ts';
import type { Io } from '../shared/io.ts';

const MAX_FILES = 250;

/**
 * Opens a template: a built-in one by name, a folder, or a Git repository by address (`https://...`, `git@...`), with
 * `#folder` for a folder in the repository.
 *
 * @throws GreenroomError `invalid-input` if it is not a template, `unreachable` if the address does not answer
 */
export async function openTemplate(where: string, io: Io): Promise<ProjectTemplate> {
  const builtIn = builtInTemplates();
  const known = builtIn.get(where);
  if (known !== undefined) return known;
  if (isRemote(where)) return readTemplate(await fromGit(where, io));
  if (!/[./\\]/.test(where) && !existsSync(resolve(io.cwd, where))) {
    const names = [...builtIn.keys()].join(', ');
    throw invalidInput([
      { message: `there is no template "${where}"; known are ${names}; or give a folder or a Git address` },
    ]);
  }
  return readTemplate(fromFolder(where, io));
}

function fromFolder(where: string, io: Io): FileSet {
  const folder = resolve(io.cwd, where);
  if (!existsSync(join(folder, TEMPLATE_FILE))) {
    throw invalidInput([
      { file: join(where, TEMPLATE_FILE), message: 'no such file; a template is a folder with one' },
    ]);
  }
  if (lstatSync(join(folder, TEMPLATE_FILE)).isSymbolicLink()) {
    throw invalidInput([
      { file: join(where, TEMPLATE_FILE), message: 'is a link; a template may only contain plain files' },
    ]);
  }
  const text = new TextDecoder().decode(readInput(folder, TEMPLATE_FILE));
  return fileSet([[TEMPLATE_FILE, text], ...(readFolder(join(folder, 'skeleton'), 'skeleton', MAX_FILES) ?? [])]);
}

async function fromGit(where: string, io: Io): Promise<FileSet> {
  const [address = '', inner = ''] = where.split('#');
  const prefix = inner === '' ? '' : `${inner.replace(/\/+$/, '')}/`;
  const { openGitAppsRepo } = await import('../../gitops/open.ts');
  const repo = await openGitAppsRepo(address, { clock: systemClock, readOnly: true, env: { ...io.env } });
  try {
    const { files, irregular } = await repo.read([`${prefix}${TEMPLATE_FILE}`, `${prefix}skeleton/**`]);
    if (irregular[0] !== undefined) {
      throw invalidInput([{ file: irregular[0], message: 'is a link; a template may only contain plain files' }]);
    }
    if (files.size > MAX_FILES) {
      throw invalidInput([{ file: `${prefix}skeleton`, message: `has more than ${MAX_FILES} files` }]);
    }
    return fileSet([...files].map(([path, text]) => [path.slice(prefix.length), text]));
  } catch (error) {
    if (!(error instanceof GreenroomError) || error.code !== 'failed') throw error;
    const place = parseRemote(address).description;
    throw new GreenroomError('failed', `the template at ${place} cannot be read: ${error.message}`, { cause: error });
  } finally {
    await repo.close();
  }
}
