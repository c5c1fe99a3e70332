import { micromark } from 'micromark';
import { gfm, gfmHtml } from 'micromark-extension-gfm';

/** Elements whose text is not the comment's own, or not shown at once. */
const HIDING = new Set(['pre', 'code', 'details', 'title', 'template', 'textarea', 'script', 'style']);

/**
 * What people read of a comment: the text of its HTML, outside of tags, comments, code and what is folded away.
 * Rendered by a reader of GitHub's Markdown, then read as a browser does.
 */
export function renderedText(markdown: string): string {
  const html = micromark(markdown, {
    allowDangerousHtml: true,
    extensions: [gfm()],
    htmlExtensions: [gfmHtml()],
  });
  const open: string[] = [];
  let text = '';
  for (let i = 0; i < html.length; ) {
    const end = html[i] === '<' ? markupEnd(html, i) : null;
    if (end === null) {
      if (open.length === 0) text += html[i];
      i += 1;
      continue;
    }
    const [, slash, name = ''] = /^<(\/?)([a-z][^\s/>]*)/i.exec(html.slice(i, end)) ?? [];
    const element = name.toLowerCase();
    if (HIDING.has(element)) {
      const at = open.lastIndexOf(element);
      if (slash === '') open.push(element);
      else if (at !== -1) open.splice(at, 1);
    }
    i = end;
  }
  return text;
}

/** Where a tag or a comment ends that begins at a place; null if none does. */
function markupEnd(html: string, i: number): number | null {
  const upTo = (close: string, from: number) => {
    const at = html.indexOf(close, from);
    return at === -1 ? html.length : at + close.length;
  };
  if (html.startsWith('<!--', i)) return upTo('-->', i + 4);
  if (/^<[?!]/.test(html.slice(i, i + 2))) return upTo('>', i);
  if (!/^<\/?[a-z]/i.test(html.slice(i, i + 3))) return null;
  let quote = '';
  let isValue = false;
  for (let at = i + 1; at < html.length; at += 1) {
    const sign = html[at]!;
    if (quote !== '') {
      if (sign === quote) quote = '';
    } else if (sign === '>') return at + 1;
    else if (isValue && (sign === '"' || sign === "'")) quote = sign;
    isValue = quote === '' && (sign === '=' || (isValue && /\s/.test(sign)));
  }
  return html.length;
}
