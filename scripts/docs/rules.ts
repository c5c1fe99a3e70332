import { DEFAULT_CONTACT } from '../../lib/policies/checker.ts';
import { type Rule, ruleMessage } from '../../lib/policies/rule.ts';

const WRITTEN = '<!-- written by `npm run docs` from the rule itself; edits are lost -->';

/** Markdown of the page about one rule: `docs/rules/<id>.md`. */
export function rulePage(rule: Rule): string {
  const { id, title, why, source, severity, scope, match, examples, cel } = rule;
  const kinds = match === 'any' ? 'every namespaced kind' : [...new Set(match.map(({ kind }) => kind))].join(', ');
  const whom = scope === 'makers' ? 'before commit, and requests of makers' : 'before commit, and every request';
  return `# ${id}

${WRITTEN}

${title}.

| | |
|---|---|
| Severity | ${severity} |
| Kinds | ${kinds} |
| Holds for | ${whom} |
| Source | ${source} |

> ${ruleMessage(rule, DEFAULT_CONTACT)}

**Why.** ${why}

Refused:

\`\`\`yaml
${examples.bad.trim()}
\`\`\`

Fine:

\`\`\`yaml
${examples.good.trim()}
\`\`\`

What every engine evaluates:

\`\`\`cel
${cel}
\`\`\`
`;
}

/** Markdown of \`docs/rules/README.md\`. */
export function ruleIndex(rules: readonly Rule[]): string {
  const rows = rules.map(({ id, title, severity }) => `| [${id}](${id}.md) | ${title} | ${severity} |`);
  return `# Rules

${WRITTEN}

Each is one CEL text that is evaluated before commit and, compiled, at admission: [policies](../policies.md). A rule of
your own: [extending](../extending.md); a rule for everybody: [add a rule](../recipes/add-a-rule.md).

| rule | what it asks | severity |
|---|---|---|
${rows.join('\n')}
`;
}
