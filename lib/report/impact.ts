import { unifiedDiff } from '../core/diff.ts';
import { code, count, printable, sentence } from './text.ts';

/** A file before and after; null if it does not exist. */
export interface FileChange {
  readonly path: string;
  readonly before: string | null;
  readonly after: string | null;
}

/** The effect of a platform change on one live preview. */
export type Effect =
  | { readonly kind: 'same' }
  /** Different files in the same folder; paths are relative to the preview's folder. */
  | { readonly kind: 'changed'; readonly files: readonly FileChange[] }
  /** To another cluster, where it starts again. */
  | { readonly kind: 'moved'; readonly from: string; readonly to: string }
  | { readonly kind: 'removed'; readonly reason: string }
  /** It keeps running as it is, but its next push is refused. */
  | { readonly kind: 'refused'; readonly reasons: readonly string[] }
  /** The same for evidence of its images: it also ends after this time (`24h`), unless they have it again. */
  | { readonly kind: 'ending'; readonly reasons: readonly string[]; readonly after: string }
  /** It was refused and would not be refused any more. */
  | { readonly kind: 'allowed' }
  | { readonly kind: 'unknown'; readonly reason: string };

export interface Impact {
  /** `pr-shop-7` */
  readonly name: string;
  /** `owner/name` */
  readonly repository: string;
  readonly number: number;
  readonly effect: Effect;
}

/** Label of a pull request to the apps repo that means `--yes`. */
export const YES_LABEL = 'greenroom.dev/yes';

/** First line of the comment on a pull request to the apps repo. */
export const IMPACT_MARKER = '<!-- greenroom:impact -->';

const MAX_DIFF = 8_000;
const MAX_NAMES = 20;

/** Whether a person must confirm it, because somebody would lose a running preview. */
export function hurts({ effect }: Impact): boolean {
  return effect.kind === 'moved' || effect.kind === 'removed';
}

/** `moves 2 live previews (pr-a-1, pr-b-2) and removes 1 (pr-c-3)`; null if none is moved or removed. */
export function hurtWords(impacts: readonly Impact[]): string | null {
  const words = (kind: Effect['kind'], verb: string) => {
    const names = impacts.filter(({ effect }) => effect.kind === kind).map(({ name }) => name);
    return names.length === 0 ? [] : [`${verb} ${count(names.length, 'live preview')} (${listed(names)})`];
  };
  const parts = [...words('moved', 'moves'), ...words('removed', 'removes')];
  return parts.length === 0 ? null : parts.join(' and ');
}

/**
 * The comment on a pull request that changes the platform: its effect on live previews, and changes of the compiled files.
 * If it gets too long, whole parts are left out, and it says so. All foreign text is escaped.
 *
 * @param files compiled files other than the previews: `bootstrap/`, `policies/`
 * @param room limit in characters
 */
export function renderImpact(impacts: readonly Impact[], files: readonly FileChange[], room: number): string {
  const head = [IMPACT_MARKER, headline(impacts), ...summary(impacts)];
  const parts = [...previewParts(impacts), ...files.map(filePart)];
  const shown: string[] = [];
  let length = head.join('\n').length;
  for (const part of parts) {
    length += part.length + 1;
    if (length > room - 200) break;
    shown.push(part);
  }
  const left = parts.length - shown.length;
  const rest = left === 0 ? [] : ['', `${count(left, 'more part')} left out for length; \`greenroom diff\` shows all.`];
  return `${[...head, ...shown, ...rest].join('\n')}\n`;
}

function headline(impacts: readonly Impact[]): string {
  const touched = impacts.filter(({ effect }) => effect.kind !== 'same' && effect.kind !== 'unknown').length;
  const hurt = impacts.filter(hurts).length;
  if (hurt > 0) {
    return `### Previews: ${count(hurt, 'live preview')} would be moved or removed - add the label \`${YES_LABEL}\` if that is intended`;
  }
  const of = `${touched} of ${count(impacts.length, 'live preview')}`;
  return touched === 0 ? '### Previews: no live preview changes' : `### Previews: ${of} would change`;
}

function summary(impacts: readonly Impact[]): string[] {
  const lines = (kind: Effect['kind'], text: string, detail: (effect: never) => string) => {
    const found = impacts.filter(({ effect }) => effect.kind === kind);
    const shown = found.slice(0, MAX_NAMES).map(({ name, effect }) => `  - ${code(name)}${detail(effect as never)}`);
    const more = found.length > shown.length ? [`  - and ${found.length - shown.length} more`] : [];
    return found.length === 0 ? [] : [`- **${found.length}** ${text}`, ...shown, ...more];
  };
  type Of<K> = Extract<Effect, { kind: K }>;
  return [
    ...lines('removed', 'would be removed:', ({ reason }: Of<'removed'>) => `: ${sentence(reason)}`),
    ...lines(
      'moved',
      'would start again in another cluster:',
      ({ from, to }: Of<'moved'>) => ` from ${code(from)} to ${code(to)}`,
    ),
    ...lines(
      'refused',
      'would keep running, but be refused at their next push:',
      ({ reasons }: Of<'refused'>) => `: ${sentence(reasons[0] ?? '')}`,
    ),
    ...lines(
      'ending',
      'would lose evidence that is required, and end early unless their images show it again:',
      ({ reasons, after }: Of<'ending'>) => ` after ${after}: ${sentence(reasons[0] ?? '')}`,
    ),
    ...lines('allowed', 'would no longer be refused:', () => ''),
    ...lines('unknown', 'could not be compiled again:', ({ reason }: Of<'unknown'>) => `: ${sentence(reason)}`),
  ];
}

/** Previews with the same changes are shown together. */
function previewParts(impacts: readonly Impact[]): string[] {
  const groups = new Map<string, { names: string[]; files: readonly FileChange[] }>();
  for (const { name, effect } of impacts) {
    if (effect.kind !== 'changed') continue;
    const key = effect.files
      .map((file) => `${file.path}\n${diffOf(file, 0).replace(/^@@.*\n/gm, '')}`)
      .join('\0')
      .replaceAll(name, '*');
    const group = groups.get(key) ?? { names: [], files: effect.files };
    group.names.push(name);
    groups.set(key, group);
  }
  return [...groups.values()].map(({ names, files }) => {
    const objects = `${count(files.length, 'object')} of ${names.length === 1 ? '' : `each of ${names.length} previews: `}`;
    const diffs = files.map((file) => `--- ${file.path}\n${diffOf(file)}`).join('');
    return details(`${objects}${listed(names)}`, diffs);
  });
}

function filePart(file: FileChange): string {
  const diff = diffOf(file);
  const sum = (sign: string) => diff.split('\n').filter((line) => line.startsWith(sign)).length;
  return details(`${file.path} (+${sum('+')} -${sum('-')})`, diff);
}

function diffOf({ before, after }: FileChange, context?: number): string {
  return unifiedDiff(before ?? '', after ?? '', context);
}

function details(title: string, diff: string): string {
  let text = diff.replace(/[^\P{Cc}\n\t]|[\p{Cf}\p{Cs}]/gu, '\ufffd');
  if (text.length > MAX_DIFF) {
    const kept = text.slice(0, text.lastIndexOf('\n', MAX_DIFF) + 1);
    text = `${kept}(cut: ${count(text.slice(kept.length).split('\n').length - 1, 'more line')})\n`;
  }
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map((run) => run[0].length));
  const fence = '`'.repeat(longest + 1);
  return `\n<details><summary>${html(title)}</summary>\n\n${fence}diff\n${text}${fence}\n\n</details>`;
}

/** Inside an HTML block Markdown is not interpreted, but mentions are. */
function html(text: string): string {
  return printable(text, 1000)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replace(/([@#])(?=\w)/g, '$1\u2060');
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, MAX_NAMES).join(', ');
  return names.length > MAX_NAMES ? `${shown} and ${names.length - MAX_NAMES} more` : shown;
}
