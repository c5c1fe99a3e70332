import { systemClock } from '../../core/clock.ts';
import { GreenroomError, invalidInput } from '../../core/errors.ts';
import { type FileSet, fileSet } from '../../core/fileset.ts';
import { isSafePath } from '../../core/path.ts';
import { printable } from '../../core/text.ts';
import { MAX_FILES, SKELETON, TEMPLATE_FILE } from '../../create/template.ts';
import type { GitAppsRepo } from '../../gitops/git.ts';
import type { RemoteLimits } from '../../gitops/open.ts';
import { parseRemote } from '../../gitops/url.ts';
import type { Io } from '../shared/io.ts';

/** A template's place in a Git repository. */
export interface TemplateAddress {
  /** As git takes it; it may have credentials. */
  readonly url: string;
  /** For messages, without credentials. */
  readonly description: string;
  /** Git's name of its transport. */
  readonly protocol: string;
  /** Folder in the repository, with a slash at its end; empty for the root. */
  readonly prefix: string;
}

/** Git's transports that start no program of somebody else's choice. */
const PROTOCOLS = ['https', 'ssh', 'http', 'file'];
const FORMS = 'https://..., ssh://..., user@host:path, http://... and file://...';

/**
 * What a repository with a template may cost. A template has at most 200 files and 1 MiB, but its repository can have
 * other files, and a server may send them all.
 */
const LIMITS: Omit<RemoteLimits, 'protocols'> = {
  fileBytes: 256 * 1024 * 1024,
  memoryBytes: 1024 * 1024 * 1024,
  timeout: 60_000,
  files: MAX_FILES + 1,
  folders: 2_000,
  blobBytes: 1024 * 1024,
};

/**
 * Parses `ADDRESS` or `ADDRESS#FOLDER`.
 *
 * @throws GreenroomError `invalid-input` for any other transport, and a folder that no repository can have
 */
export function parseTemplateAddress(where: string): TemplateAddress {
  const hash = where.indexOf('#');
  const address = hash < 0 ? where : where.slice(0, hash);
  const { url, description: full } = parseRemote(address);
  const description = printable(full);
  const refuse = (message: string) => invalidInput([{ message: `the template ${description}: ${message}` }]);
  if (/[\s\p{Cc}\p{Cf}]/u.test(address)) throw refuse('a Git address has no spaces and no invisible characters');
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(address)?.[1]?.toLowerCase();
  if (scheme === undefined) return { ...scpAddress(address), prefix: folderOf(where, hash) };
  if (!PROTOCOLS.includes(scheme)) throw refuse(`templates are not read by "${scheme}"; allowed are ${FORMS}`);
  if (/^[a-z]+:\/\/([^/]*@)?-/i.test(url) || (scheme !== 'file' && /^[a-z]+:\/\/([/?#]|$)/i.test(url))) {
    throw refuse('the address has no valid host');
  }
  return { url: address, description, protocol: scheme, prefix: folderOf(where, hash) };
}

/** `user@host:path`. Git passes the host to ssh, and takes `name::` for another transport. */
function scpAddress(address: string): Omit<TemplateAddress, 'prefix'> {
  const [, user = '', host = '', path = ''] = /^(?:([^@:/]+)@)?([^@:/]+):([^:].*)$/.exec(address) ?? [];
  // In user:password@host the password would be a part of the path.
  if (/^[A-Za-z0-9_][A-Za-z0-9_.-]*$/.test(host) && !user.startsWith('-') && !/^[^/]*@/.test(path)) {
    return { url: address, description: address, protocol: 'ssh' };
  }
  const shown = printable(address.replace(/^[^@]*:[^@]*@/, '***@'));
  throw invalidInput([{ message: `the template ${shown} is not a Git address; allowed are ${FORMS}` }]);
}

function folderOf(where: string, hash: number): string {
  const folder = hash < 0 ? '' : where.slice(hash + 1).replace(/\/+$/, '');
  if (folder === '') return '';
  if (isSafePath(folder) && !/[*?[\]{}]/.test(folder)) return `${folder}/`;
  const message = `must be a folder in the repository, such as templates/go; found ${JSON.stringify(printable(folder))}`;
  throw invalidInput([{ message: `the part behind # ${message}` }]);
}

/**
 * The files of a template in a Git repository, without a checkout: links, filters and hooks of the repository have no
 * effect.
 *
 * @throws GreenroomError `invalid-input` if it has links or is too large, `unreachable` or `failed` as git reports
 */
export async function readGitTemplate(where: string, io: Io): Promise<FileSet> {
  const address = parseTemplateAddress(where);
  const { openGitAppsRepo } = await import('../../gitops/open.ts');
  // The user's own git settings may give an https address to ssh.
  const limits = { ...LIMITS, protocols: ['https', 'ssh', address.protocol] };
  try {
    const repo = await openGitAppsRepo(address.url, {
      clock: systemClock,
      readOnly: true,
      env: { ...io.env },
      limits,
    });
    try {
      return await filesBelow(repo, address.prefix);
    } finally {
      await repo.close();
    }
  } catch (error) {
    if (!(error instanceof GreenroomError) || error.message.includes(address.description)) throw error;
    const message = `the template at ${address.description}: ${error.message}`;
    throw new GreenroomError(error.code, message, { cause: error });
  }
}

async function filesBelow(repo: GitAppsRepo, prefix: string): Promise<FileSet> {
  const { files, irregular, head } = await repo.read([`${prefix}${TEMPLATE_FILE}`, `${prefix}${SKELETON}**`]);
  if (head === null) throw invalidInput([{ message: 'the repository has no commit on its default branch' }]);
  if (irregular[0] !== undefined) {
    const message = 'is a link or a submodule; a template may only contain plain files';
    throw invalidInput([{ file: printable(irregular[0]), message }]);
  }
  return fileSet([...files].map(([path, text]) => [path.slice(prefix.length), text]));
}
