import { GreenroomError } from '../core/errors.ts';
import type { ObjectFormat } from '../core/git/objects.ts';
import { OBJECT_FORMATS } from '../core/git/objects.ts';
import type { GitOptions } from '../core/git/process.ts';
import { git } from '../core/git/process.ts';

export interface GitIdentity {
  readonly name: string;
  readonly email: string;
}

/** Git's configuration of a repository, as far as it matters for commits. */
export interface GitSettings {
  readonly format: ObjectFormat;
  readonly bare: boolean;
  readonly author: GitIdentity;
  readonly committer: GitIdentity;
  /** `commit.gpgSign`; git handles format, program and key. */
  readonly sign: boolean;
  readonly sharedRepository: string | undefined;
}

const DEFAULT_IDENTITY: GitIdentity = { name: 'greenroom', email: 'greenroom@localhost' };

/** Reads git's whole configuration (system, user, repository, command) in one call. */
export async function readSettings(options: GitOptions): Promise<GitSettings> {
  const doing = 'reading the configuration of the repository';
  const config = parseConfig(await git(options, ['config', '--list', '-z'], { doing }));
  const env = options.env ?? process.env;
  const identity = (role: 'author' | 'committer'): GitIdentity => {
    const pick = (field: 'name' | 'email') =>
      plain(
        env[`GIT_${role}_${field}`.toUpperCase()] ||
          config.get(`${role}.${field}`) ||
          config.get(`user.${field}`) ||
          DEFAULT_IDENTITY[field],
      );
    return { name: pick('name'), email: pick('email') };
  };
  return {
    format: objectFormat(config.get('extensions.objectformat') ?? 'sha1'),
    bare: isTrue(config.get('core.bare')),
    author: identity('author'),
    committer: identity('committer'),
    sign: isTrue(config.get('commit.gpgsign')),
    sharedRepository: config.get('core.sharedrepository'),
  };
}

function objectFormat(name: string): ObjectFormat {
  if (name === 'sha1' || name === 'sha256') return OBJECT_FORMATS[name];
  throw new GreenroomError(
    'failed',
    `the repository uses the object format ${name}; greenroom supports sha1 and sha256`,
  );
}

/** `key LF value NUL`; a key without a value means true. The last one wins. */
function parseConfig(text: string): ReadonlyMap<string, string> {
  return new Map(
    text.split('\0').map((item) => {
      const end = item.indexOf('\n');
      return end < 0 ? [item, 'true'] : [item.slice(0, end), item.slice(end + 1)];
    }),
  );
}

function isTrue(value: string | undefined): boolean {
  return value !== undefined && /^(true|yes|on|[1-9]\d*)$/i.test(value);
}

/** Drops characters that would end the field or the line in a commit, as git does. */
function plain(text: string): string {
  return text.replace(/[\p{Cc}<>]/gu, '').trim();
}
