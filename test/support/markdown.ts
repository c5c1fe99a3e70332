import { fromMarkdown } from 'mdast-util-from-markdown';
import { gfmFromMarkdown } from 'mdast-util-gfm';
import { gfm } from 'micromark-extension-gfm';

interface Node {
  readonly type: string;
  readonly value?: string;
  readonly url?: string;
  readonly depth?: number;
  readonly lang?: string | null;
  readonly checked?: boolean | null;
  readonly children?: readonly Node[];
  readonly position?: { readonly start: { readonly offset: number }; readonly end: { readonly offset: number } };
}

/** What a reader of GitHub's Markdown gets of a text. */
export interface Rendered {
  readonly links: string[];
  readonly images: string[];
  readonly html: string[];
  readonly headings: string[];
  /** Texts of boxes, with whether they are ticked. */
  readonly boxes: [string, boolean][];
  readonly codeBlocks: { lang: string; text: string }[];
  /** All text outside of code: where mentions and references work. */
  readonly prose: string;
  /** The same as it was written: formulas are looked for before escapes are. */
  readonly rawProse: string;
  /** Kinds of the blocks and spans that occur. */
  readonly kinds: Set<string>;
}

/** Reads a text as GitHub-flavoured Markdown, by the parser that remark and others are built on. */
export function readMarkdown(text: string): Rendered {
  const tree = fromMarkdown(text, { extensions: [gfm()], mdastExtensions: [gfmFromMarkdown()] }) as Node;
  const out = {
    links: [],
    images: [],
    html: [],
    headings: [],
    boxes: [],
    codeBlocks: [],
    kinds: new Set(),
  } as unknown as {
    -readonly [K in keyof Rendered]: Rendered[K];
  };
  const prose: string[] = [];
  const raw: string[] = [];
  const walk = (node: Node): void => {
    out.kinds.add(node.type);
    if (node.type === 'link' || node.type === 'definition') out.links.push(node.url!);
    if (node.type === 'image' || node.type === 'imageReference') out.images.push(node.url ?? '');
    if (node.type === 'html') out.html.push(node.value!);
    if (node.type === 'heading') out.headings.push(plain(node));
    if (node.type === 'listItem' && typeof node.checked === 'boolean')
      out.boxes.push([plain(node).trim(), node.checked]);
    if (node.type === 'code') out.codeBlocks.push({ lang: node.lang ?? '', text: node.value! });
    if (node.type === 'text') {
      prose.push(node.value!);
      raw.push(text.slice(node.position!.start.offset, node.position!.end.offset));
    }
    for (const child of node.children ?? []) walk(child);
  };
  walk(tree);
  return { ...out, prose: prose.join('\n'), rawProse: raw.join('\n') };
}

function plain(node: Node): string {
  if (node.type === 'html') return '';
  return node.value ?? (node.children ?? []).map(plain).join('');
}
