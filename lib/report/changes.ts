import { unifiedDiff } from '../core/diff.ts';
import type { ObjectChange } from './state.ts';
import { code, count, withoutMarkers } from './text.ts';
import { wholeItems } from './whole-items.ts';

/** A diff needs time and memory for the product of the lines, and nobody reads a longer one. */
const MAX_LINES = 2000;
const MAX_LISTED = 40;

/**
 * The rendered objects that changed: counts, and a diff for each; for a new preview the list of objects. An object is
 * shown completely or not at all; the text says how many are left out.
 *
 * @param room limit in characters
 */
export function renderChanges(objects: readonly ObjectChange[], isNew: boolean, room: number): string {
  const list = isNew ? firstObjects(objects, room) : diffs(objects, room);
  return list.length <= room ? list : '';
}

function firstObjects(objects: readonly ObjectChange[], room: number): string {
  const head = `**${count(objects.length, 'object')}**, all of them new:`;
  const items = objects.map(({ path }) => `- ${code(path)}`);
  const { shown, left } = wholeItems(items, { items: MAX_LISTED, characters: room - head.length - 100 });
  return [head, '', ...shown, ...(left > 0 ? [`- and ${left} more, not listed here`] : [])].join('\n');
}

function diffs(objects: readonly ObjectChange[], room: number): string {
  const parts = objects.map(objectPart);
  const number = (kind: ObjectPart['kind']) => parts.filter((part) => part.kind === kind).length;
  const counts = [
    `${number('changed')} changed`,
    `${number('added')} added`,
    `${number('removed')} removed`,
    `+${parts.reduce((sum, { plus }) => sum + plus, 0)} -${parts.reduce((sum, { minus }) => sum + minus, 0)} lines`,
  ];
  const head = `**${count(objects.length, 'object')}** since the last sync: ${counts.join(', ')}`;
  // Smallest first, so that as many objects as possible fit.
  const bySize = [...parts].sort((a, b) => a.text.length - b.text.length);
  const texts = bySize.map(({ text }) => text);
  const { shown, left } = wholeItems(texts, { items: texts.length, characters: room - head.length - 200 });
  const rest = left === 0 ? [] : ['', `${count(left, 'object')} left out here for length; the commit has all of them.`];
  return [head, ...shown, ...rest].join('\n');
}

interface ObjectPart {
  readonly kind: 'changed' | 'added' | 'removed';
  readonly plus: number;
  readonly minus: number;
  readonly text: string;
}

function objectPart({ path, before, after }: ObjectChange): ObjectPart {
  const kind = before === null ? 'added' : after === null ? 'removed' : 'changed';
  const [old, now] = [before ?? '', after ?? ''];
  const isReadable = lineCount(old) + lineCount(now) <= MAX_LINES;
  const diff = isReadable ? unifiedDiff(old, now) : '';
  const lines = diff.split('\n').filter((line) => !line.startsWith('@@'));
  const plus = isReadable ? lines.filter((line) => line.startsWith('+')).length : lineCount(now);
  const minus = isReadable ? lines.filter((line) => line.startsWith('-')).length : lineCount(old);
  const title = `${code(path)} ${kind}, +${plus} -${minus}`;
  const body = isReadable ? ['', ...fenced(diff)] : ['', 'Too long to be shown here; the commit has it.'];
  return { kind, plus, minus, text: ['', title, ...body].join('\n') };
}

function lineCount(text: string): number {
  return text === '' ? 0 : text.replace(/\n$/, '').split('\n').length;
}

/** A fenced code block that its content cannot close, with invisible characters escaped. */
function fenced(diff: string): string[] {
  const text = withoutMarkers(
    diff
      .replace(/\n$/, '')
      .replace(/[\p{Cf}\p{Cs}\p{Co}]|(?!\n)\p{Cc}/gu, (c) => `\\u{${c.codePointAt(0)!.toString(16)}}`),
  );
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map((run) => run[0].length));
  const fence = '`'.repeat(longest + 1);
  return [`${fence}diff`, text, fence];
}
