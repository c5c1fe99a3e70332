import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { TEMPLATE_KIND } from '../../lib/create/template.ts';
import { FILE_KINDS, schemaText } from '../../lib/model/schemas.ts';
import { TEMPLATES } from '../../lib/model/templates/index.ts';
import { chosenRules } from '../../lib/policies/rule-set.ts';
import { decisionIndex } from './decisions.ts';
import { REFERENCES, referencePage } from './reference.ts';
import { ruleIndex, rulePage } from './rules.ts';

const TEMPLATE_PAGE = 'docs/preview-yaml.md';
const START = '<!-- templates: written by `npm run docs` -->';
const END = '<!-- end of templates -->';

/** The page with the table of all templates in it. */
function withTemplateTable(page: string): string {
  const [from, to] = [page.indexOf(START), page.indexOf(END)];
  if (from < 0 || to < from) throw new Error(`${TEMPLATE_PAGE} lacks ${START} or ${END}`);
  const rows = TEMPLATES.map(({ name, summary }) => `| \`${name}\` | ${summary} |`);
  const table = ['| template | what it is |', '|---|---|', ...rows].join('\n');
  return `${page.slice(0, from)}${START}\n\n${table}\n\n${page.slice(to)}`;
}

/** All generated pages of `docs`, by path from the project's root. */
export function generatedPages(root: string): Map<string, string> {
  const pages = new Map<string, string>();
  for (const file of Object.keys(REFERENCES) as (keyof typeof REFERENCES)[]) {
    pages.set(`docs/reference/${file}.md`, referencePage(file));
  }
  for (const [name, kind] of Object.entries({ ...FILE_KINDS, template: TEMPLATE_KIND })) {
    pages.set(`docs/reference/${name}.schema.json`, schemaText(name, kind));
  }
  for (const rule of chosenRules()) pages.set(`docs/rules/${rule.id}.md`, rulePage(rule));
  pages.set('docs/rules/README.md', ruleIndex(chosenRules()));
  pages.set(TEMPLATE_PAGE, withTemplateTable(readFileSync(join(root, TEMPLATE_PAGE), 'utf8')));
  const folder = join(root, 'docs/decisions');
  const decisions = readdirSync(folder).filter((name) => /^\d{4}-.*\.md$/.test(name));
  const texts = decisions.sort().map((name) => [name, readFileSync(join(folder, name), 'utf8')] as const);
  pages.set('docs/decisions/README.md', decisionIndex(new Map(texts)));
  return pages;
}

/** Folders that hold nothing but generated pages. */
export const GENERATED_FOLDERS = ['docs/reference', 'docs/rules'];
