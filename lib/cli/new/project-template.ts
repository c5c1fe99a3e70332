import { existsSync, lstatSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { invalidInput } from '../../core/errors.ts';
import { type FileSet, fileSet } from '../../core/fileset.ts';
import { builtInTemplates } from '../../create/project.ts';
import { MAX_FILES, type ProjectTemplate, readTemplate, SKELETON, TEMPLATE_FILE } from '../../create/template.ts';
import { isRemote } from '../../gitops/url.ts';
import { readFolder, readInput } from '../shared/files.ts';
import type { Io } from '../shared/io.ts';
import { readGitTemplate } from './git-template.ts';

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
  const isHere = existsSync(resolve(io.cwd, where));
  // C:\templates is a path, though it looks like an address of ssh.
  if (!isHere && isRemote(where) && !/^[a-z]:[\\/]/i.test(where)) return readTemplate(await readGitTemplate(where, io));
  if (!/[./\\]/.test(where) && !isHere) {
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
  const skeleton = SKELETON.slice(0, -1);
  for (const name of [TEMPLATE_FILE, skeleton]) {
    if (lstatSync(join(folder, name), { throwIfNoEntry: false })?.isSymbolicLink()) {
      throw invalidInput([{ file: join(where, name), message: 'is a link; a template may only contain plain files' }]);
    }
  }
  const text = new TextDecoder().decode(readInput(folder, TEMPLATE_FILE));
  return fileSet([[TEMPLATE_FILE, text], ...(readFolder(join(folder, skeleton), skeleton, MAX_FILES) ?? [])]);
}
