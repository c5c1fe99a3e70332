import { closest } from './load/suggest.ts';

/** Values of `${...}` in `env`, `command`, `args`, `release`, `seed`, `health.host` and a maker's own manifests. */
export const PLACEHOLDERS = {
  url: "the preview's address, https://<host>",
  host: "the preview's host",
  name: "the preview's name, pr-<repo>-<number>: also its namespace",
  number: 'the number of the pull request',
  sha: 'the full id of the head commit',
  image: "the app's image as it is deployed, with tag or digest",
  repository: 'owner/name of the repository',
} as const;

export type Placeholder = keyof typeof PLACEHOLDERS;

/** The value of each placeholder in one preview; a missing one has no value there. */
export type PlaceholderValues = Readonly<Partial<Record<Placeholder, string>>>;

type Part = { readonly text: string } | { readonly name: string } | { readonly unclosed: true };

/** `$${` is the text `${`; every other `${` starts a placeholder. Runs in time linear in the length of the text. */
function parse(text: string): Part[] {
  const parts: Part[] = [];
  let at = 0;
  while (at < text.length) {
    const start = text.indexOf('${', at);
    if (start < 0) {
      parts.push({ text: text.slice(at) });
      break;
    }
    if (start > at && text[start - 1] === '$') {
      parts.push({ text: `${text.slice(at, start - 1)}\${` });
      at = start + 2;
      continue;
    }
    if (start > at) parts.push({ text: text.slice(at, start) });
    const end = text.indexOf('}', start);
    if (end < 0) return [...parts, { unclosed: true }];
    parts.push({ name: text.slice(start + 2, end) });
    at = end + 1;
  }
  return parts;
}

/** Whether a text contains a placeholder, or something that looks like one. */
export function hasPlaceholder(text: string): boolean {
  return parse(text).some((part) => !('text' in part));
}

/** What is wrong with the placeholders of a text: a sentence that does not repeat the rest of the text. */
export function placeholderProblem(text: string): string | undefined {
  for (const part of parse(text)) {
    if ('unclosed' in part) return 'has a placeholder that does not end: write ${name}, or $${ for the text ${';
    if ('name' in part && !Object.hasOwn(PLACEHOLDERS, part.name)) return unknown(part.name);
  }
  return undefined;
}

function unknown(name: string): string {
  const names = Object.keys(PLACEHOLDERS);
  // Only a possible name is repeated: in an environment variable, anything else may be part of a secret.
  const shown = /^[A-Za-z_][A-Za-z0-9_.-]{0,30}$/.test(name)
    ? `unknown placeholder \${${name}}`
    : 'unknown placeholder';
  const meant = closest(name.trim(), names);
  const way = `write $\${ for the text \${`;
  if (meant !== undefined) return `has an ${shown}; did you mean \${${meant}}? (${way})`;
  return `has an ${shown}; there are ${names.map((n) => `\${${n}}`).join(' ')} (${way})`;
}

/**
 * The text with its placeholders filled in. The result is always text, so that a value cannot change the structure, and
 * placeholders inside a value are not filled in. A placeholder without a value stays; {@link missingValue} finds it.
 */
export function fillIn(text: string, values: PlaceholderValues): string {
  return parse(text)
    .map((part) => {
      if ('text' in part) return part.text;
      if ('unclosed' in part) return '';
      return Object.hasOwn(values, part.name) ? values[part.name as Placeholder] : `\${${part.name}}`;
    })
    .join('');
}

/** The first placeholder of a text that has no value here, such as `url` if nothing has a route. */
export function missingValue(text: string, values: PlaceholderValues): Placeholder | undefined {
  for (const part of parse(text)) {
    if ('name' in part && Object.hasOwn(PLACEHOLDERS, part.name) && values[part.name as Placeholder] === undefined) {
      return part.name as Placeholder;
    }
  }
  return undefined;
}
