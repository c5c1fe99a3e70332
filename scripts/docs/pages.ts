import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { RULES } from '../../lib/policies/rules/index.ts';
import { decisionIndex } from './decisions.ts';
import { REFERENCES, referencePage } from './reference.ts';
import { ruleIndex, rulePage } from './rules.ts';

/** All pages of `docs` that are written from something else, by path from the project's root. */
export function generatedPages(root: string): Map<string, string> {
  const pages = new Map<string, string>();
  for (const file of Object.keys(REFERENCES) as (keyof typeof REFERENCES)[]) {
    pages.set(`docs/reference/${file}.md`, referencePage(file));
  }
  for (const rule of RULES) pages.set(`docs/rules/${rule.id}.md`, rulePage(rule));
  pages.set('docs/rules/README.md', ruleIndex(RULES));
  const folder = join(root, 'docs/decisions');
  const decisions = readdirSync(folder).filter((name) => /^\d{4}-.*\.md$/.test(name));
  const texts = decisions.sort().map((name) => [name, readFileSync(join(folder, name), 'utf8')] as const);
  pages.set('docs/decisions/README.md', decisionIndex(new Map(texts)));
  return pages;
}

/** Folders that hold nothing but generated pages. */
export const GENERATED_FOLDERS = ['docs/reference', 'docs/rules'];
