import * as z from 'zod';
import { type Build, type Builds, buildName, buildUrl } from '../core/build.ts';
import { parseTime } from '../core/clock.ts';
import type { Problem } from '../core/errors.ts';
import { invalidInput } from '../core/errors.ts';
import type { RepositoryRef } from '../core/repository.ts';
import type { PullRequest } from './forge.ts';

const time = z.string().transform((text, context) => {
  const seconds = parseTime(text);
  if (seconds !== undefined) return seconds;
  context.addIssue({ code: 'custom', message: 'must be an ISO 8601 time with a zone, like 2026-11-24T08:00:00Z' });
  return z.NEVER;
});
const id = z.int().positive();

/** `<owner>/<repo>/pulls/<n>.json`. Missing fields have the usual value; unknown fields are ignored. */
const PullFile = z.object({
  number: z.int().positive(),
  repositoryId: id,
  state: z.enum(['open', 'closed']),
  merged: z.boolean().default(false),
  draft: z.boolean().default(false),
  labels: z.array(z.string()).default([]),
  head: z.object({
    sha: z.string().regex(/^([0-9a-f]{40}|[0-9a-f]{64})$/, 'must be a full commit id in lower case'),
    ref: z.string(),
    /** Null if the head repository was deleted. */
    repositoryId: id.nullable(),
  }),
  /** The base branch, and the changed files if they are not computed with git. */
  base: z.object({ ref: z.string().min(1) }).default({ ref: 'main' }),
  files: z.array(z.string()).optional(),
  /** What runs for it and for commits before it; left out, nobody knows. */
  builds: z
    .array(
      z.object({
        name: z.string(),
        state: z.enum(['queued', 'running', 'passed', 'failed']),
        startedAt: time.nullish(),
        endedAt: time.nullish(),
        url: z.string().nullish(),
        /** The commit. */
        sha: z.string().optional(),
      }),
    )
    .optional(),
  /** Who can read the folder can read all of it: where nothing is said, nobody else can. */
  isPrivate: z.boolean().default(true),
  author: z.string().min(1),
  title: z.string(),
  createdAt: time,
  updatedAt: time,
  closedAt: time.nullish(),
});

/** A pull request from its file. */
export type LocalPull = Omit<PullRequest, 'head' | 'override' | 'base'> & {
  readonly base: string;
  readonly head: Omit<PullRequest['head'], 'committedAt'>;
  /** Paths that it changes. @default - computed with git */
  readonly files?: readonly string[];
  /** @default - unknown */
  readonly builds?: Builds;
};

/**
 * Parses the file of a pull request on the local forge.
 *
 * @throws GreenroomError `invalid-input` with file, field and the value found
 */
export function parsePull(file: string, text: string, repository: RepositoryRef, number: number): LocalPull {
  const data = parseJson(file, text);
  const result = PullFile.safeParse(data);
  if (!result.success) throw invalidInput(result.error.issues.map((issue) => problem(file, issue, data)));
  const { repositoryId, closedAt, base, files, builds, ...pull } = result.data;
  const contradictions: Problem[] = [];
  if (pull.number !== number) {
    contradictions.push({
      file,
      field: 'number',
      message: `must be ${number}, as the file is named; found ${pull.number}`,
    });
  }
  if (pull.merged && pull.state === 'open') {
    contradictions.push({ file, field: 'merged', message: 'must be false while state is open; found true' });
  }
  if (contradictions.length > 0) throw invalidInput(contradictions);
  return {
    ...pull,
    base: base.ref,
    isByBot: pull.author.endsWith('[bot]'),
    ...(files !== undefined && { files }),
    ...(builds !== undefined && { builds: buildsOf(builds, pull.head.sha) }),
    repository: { id: repositoryId, path: repository.path },
    closedAt: pull.state === 'open' ? null : (closedAt ?? pull.updatedAt),
  };
}

/** A build that names no commit is of the head. */
function buildsOf(all: NonNullable<z.output<typeof PullFile>['builds']>, head: string): Builds {
  const commits = new Map<string, Build[]>([[head, []]]);
  for (const { name, state, startedAt = null, endedAt = null, url = null, sha = head } of all) {
    const build = { name: buildName(name), state, startedAt, endedAt, url: buildUrl(url) };
    commits.set(sha, [...(commits.get(sha) ?? []), build]);
  }
  const earlier = [...commits].flatMap(([sha, builds]) => (sha === head ? [] : [builds]));
  return { head: commits.get(head) ?? [], earlier };
}

function parseJson(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const offset = /at position (\d+)/.exec(String(cause))?.[1];
    const before = text.slice(0, offset === undefined ? text.length : Number(offset)).split('\n');
    const place = { file, line: before.length, column: before.at(-1)!.length + 1 };
    throw invalidInput([{ ...place, message: 'is not JSON' }], cause);
  }
}

function problem(file: string, issue: z.core.$ZodIssue, data: unknown): Problem {
  const field = issue.path.reduce<string>((path, key) => {
    return typeof key === 'number' ? `${path}[${key}]` : path === '' ? String(key) : `${path}.${String(key)}`;
  }, '');
  const found = issue.path.reduce<unknown>((value, key) => {
    return typeof value === 'object' && value !== null && Object.hasOwn(value, key)
      ? (value as Record<PropertyKey, unknown>)[key]
      : undefined;
  }, data);
  const shown = found === undefined ? 'nothing' : JSON.stringify(found).slice(0, 80);
  return { file, field: field || '(whole file)', message: `${ruleOf(issue)}; found ${shown}` };
}

/** What a value must be. */
function ruleOf(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_type') return `must be of type ${issue.expected}`;
  if (issue.code !== 'invalid_value') return issue.message;
  return `must be ${issue.values.map((value) => JSON.stringify(value)).join(' or ')}`;
}
