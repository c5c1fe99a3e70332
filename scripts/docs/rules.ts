import { DEFAULT_CONTACT } from '../../lib/policies/checker.ts';
import { type Rule, ruleMessage } from '../../lib/policies/rule.ts';

const WRITTEN = '<!-- written by `npm run docs` from the rule itself; edits are lost -->';

/** Markdown of the page about one rule: `docs/rules/<id>.md`. */
export function rulePage(rule: Rule): string {
  const { id, title, why, source, severity, scope, place, match, examples, cel } = rule;
  const kinds =
    place === 'commit'
      ? 'all of a preview together'
      : match === 'any'
        ? 'every namespaced kind'
        : [...new Set(match.map(({ kind }) => kind))].join(', ');
  const whom =
    place === 'commit'
      ? 'before commit'
      : scope === 'makers'
        ? 'before commit, and requests of makers'
        : 'before commit, and every request';
  const evaluated =
    place === 'commit'
      ? 'Checked only before commit, for all objects of a preview together: an engine sees one object at a time.\n'
      : `What every engine evaluates:\n\n\`\`\`cel\n${cel}\n\`\`\`\n`;
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

${evaluated}`;
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
