import { GreenroomError } from '../core/errors.ts';
import type { ObjectFormat } from '../core/git/objects.ts';
import { OBJECT_FORMATS } from '../core/git/objects.ts';
import type { GitOptions } from '../core/git/process.ts';
import { git } from '../core/git/process.ts';

export interface Person {
  readonly name: string;
  readonly email: string;
}

/** What git's own configuration says about a repository and the commits made in it. */
export interface GitSettings {
  readonly format: ObjectFormat;
  readonly bare: boolean;
  readonly author: Person;
  readonly committer: Person;
  /** `commit.gpgSign`; format, program and key are git's business. */
  readonly sign: boolean;
  readonly sharedRepository: string | undefined;
}

const DEFAULT_PERSON: Person = { name: 'greenroom', email: 'greenroom@localhost' };

/** Asks git for its whole configuration (system, user, repository, command) in one call. */
export async function readSettings(options: GitOptions): Promise<GitSettings> {
  const doing = 'reading the configuration of the repository';
  const config = parseConfig(await git(options, ['config', '--list', '-z'], { doing }));
  const env = options.env ?? process.env;
  const person = (role: 'author' | 'committer'): Person => {
    const pick = (field: 'name' | 'email') =>
      plain(
        env[`GIT_${role}_${field}`.toUpperCase()] ||
          config.get(`${role}.${field}`) ||
          config.get(`user.${field}`) ||
          DEFAULT_PERSON[field],
      );
    return { name: pick('name'), email: pick('email') };
  };
  return {
    format: objectFormat(config.get('extensions.objectformat') ?? 'sha1'),
    bare: isTrue(config.get('core.bare')),
    author: person('author'),
    committer: person('committer'),
    sign: isTrue(config.get('commit.gpgsign')),
    sharedRepository: config.get('core.sharedrepository'),
  };
}

function objectFormat(name: string): ObjectFormat {
  if (name === 'sha1' || name === 'sha256') return OBJECT_FORMATS[name];
  throw new GreenroomError('failed', `the repository names its objects by ${name}; greenroom knows sha1 and sha256`);
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

/** What would end the field or the line of a commit has no place in a name; git drops it as well. */
function plain(text: string): string {
  return text.replace(/[\p{Cc}<>]/gu, '').trim();
}
