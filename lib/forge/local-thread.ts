import { join } from 'node:path';
import * as z from 'zod';
import { parseTime } from '../core/clock.ts';
import type { Override, PullComment } from './forge.ts';
import { namesIn, textOf } from './local-files.ts';

/** `<owner>/<repo>/pulls/<n>/comments/<id>.json` */
const CommentFile = z.object({
  author: z.string().min(1),
  body: z.string(),
  createdAt: z.string(),
  bot: z.boolean().default(false),
});

const OverrideFile = z.object({
  headSha: z.string(),
  action: z.enum(['stop', 'start', 'extend']),
  until: z.int().nullable(),
  by: z.string(),
  commentId: z.int(),
  at: z.int(),
});

/** `<owner>/<repo>/collaborators.json`: permissions by login name. */
const CollaboratorsFile = z.record(z.string(), z.string());

/** Our own comment; a file has no editor. */
const OWN = { id: 0, isOurs: true, author: null, editor: null, createdAt: 0, isAnswered: false };

/** Comments of a pull request of the local forge, ours first, then by id; a malformed file is ignored. */
export function readComments(folder: string): PullComment[] {
  const names = namesIn(join(folder, 'comments')) ?? [];
  const ids = names.flatMap((name) => /^([1-9]\d{0,14})\.json$/.exec(name)?.[1] ?? []).map(Number);
  const own = textOf(join(folder, 'comment.md'));
  const comments: PullComment[] = own === undefined ? [] : [{ ...OWN, body: own }];
  for (const id of ids.sort((a, b) => a - b)) {
    const file = readJson(join(folder, 'comments', `${id}.json`), CommentFile);
    const createdAt = parseTime(file?.createdAt ?? '');
    if (file === null || createdAt === undefined) continue;
    const { author: login, bot, body } = file;
    const isAnswered = names.includes(answerFile(id));
    comments.push({ id, body, isOurs: false, author: { login, isBot: bot }, editor: null, createdAt, isAnswered });
  }
  return comments;
}

/** File of an answer, next to the comment. */
export function answerFile(commentId: number): string {
  return `${commentId}.answer`;
}

/** The override for this head commit; null for none. */
export function readOverride(folder: string, headSha: string): Override | null {
  const file = readJson(join(folder, 'override.json'), OverrideFile);
  if (file === null || file.headSha !== headSha) return null;
  const { headSha: _, ...override } = file;
  return override;
}

/** Whether the file of collaborators gives this account write access. */
export function isWriter(repository: string, login: string): boolean {
  const permissions = readJson(join(repository, 'collaborators.json'), CollaboratorsFile);
  const own = permissions !== null && Object.hasOwn(permissions, login) ? permissions[login] : undefined;
  return own === 'admin' || own === 'write';
}

function readJson<T>(path: string, schema: z.ZodType<T>): T | null {
  const text = textOf(path);
  if (text === undefined) return null;
  try {
    return schema.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}
