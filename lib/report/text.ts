import { printable } from '../core/text.ts';

export { count, dayAndTime, nearTime, printable, roughDuration, shortSha } from '../core/text.ts';

/** Untrusted text as a code span, in which mentions, images, links, HTML and markers do not work. */
export function code(text: string): string {
  const line = withoutMarkers(printable(text));
  if (line === '') return '` `';
  const longest = Math.max(0, ...[...line.matchAll(/`+/g)].map((run) => run[0].length));
  const fence = '`'.repeat(longest + 1);
  const pad = /^[` ]|[` ]$/.test(line) ? ' ' : '';
  return `${fence}${pad}${line}${pad}${fence}`;
}

/**
 * Escapes a sentence that may quote untrusted text: it reads the same, but nothing in it works as Markdown, HTML or a
 * mention. A name such as `@platform` becomes a code span, so that it can be copied, and so does plain text that stands
 * between two backticks.
 *
 * @param max limit in characters. @default 300
 */
export function sentence(text: string, max?: number): string {
  const parts = printable(text, max).split(/((?<![\w@#])[@#]\w[\w/-]*|(?<!`)`[a-z][\w ./:-]*`(?!`))/);
  const isCode = (i: number) => i % 2 === 1;
  return parts.map((part, i) => (isCode(i) ? `\`${part.replaceAll('`', '')}\`` : inert(part, i === 0))).join('');
}

function inert(text: string, isFirst: boolean): string {
  const escaped = text
    .replace(/&/g, '&amp;')
    // Before the escapes, which would turn `@_` into `@\_`, and that is a mention again.
    .replace(/([@#])(?=\w)/g, '$1\u2060')
    .replace(/[\\`*_{}[\]()<>|~!^]/g, '\\$&')
    // Not `\$`: a forge finds formulas before it handles escapes.
    .replace(/\$/g, '&#36;')
    .replace(/(:(?=\/\/)|www(?=\.)|\bgh(?=-\d))/gi, '$1\u2060');
  // Characters that would start a heading, a list, a rule or a command at the beginning of a line.
  return isFirst ? escaped.replace(/^([#+=:/-]|\d+(?=[.)\\]))/, '\u2060$1') : escaped;
}

/** Escapes the beginning of our markers in untrusted text. */
export function withoutMarkers(text: string): string {
  return text.replace(/<(?=!--)/g, '<\u2060');
}

const SIGNS: Readonly<Record<string, string>> = { USD: '$', EUR: '€', GBP: '£' };

/** `$0.30`, `CHF 0.30`; less than a cent is `under $0.01`. */
export function money(amount: number, currency: string): string {
  const unit = SIGNS[currency] ?? `${currency} `;
  return amount > 0 && amount < 0.005 ? `under ${unit}0.01` : `${unit}${amount.toFixed(2)}`;
}

/** `about $0.30`, or `under $0.01`. */
export function aboutMoney(amount: number, currency: string): string {
  const text = money(amount, currency);
  return text.startsWith('under') ? text : `about ${text}`;
}

/** `1st`, `2nd`, `3rd`, `11th` */
export function ordinal(n: number): string {
  const ending = n % 100 >= 11 && n % 100 <= 13 ? 'th' : (['th', 'st', 'nd', 'rd'][n % 10] ?? 'th');
  return `${n}${ending}`;
}
