/** How a page begins: a title, and \`Status: accepted, 2026-11-24\` in the third line. */
const HEAD = /^# (.+)\n\nStatus: ((?:accepted|replaced by \[\d{4}\]\([^)]+\)|withdrawn), (\d{4}-\d{2}-\d{2}))\n/;

/**
 * Markdown of `docs/decisions/README.md`.
 *
 * @param pages text by file name
 * @throws Error for a page that does not begin as all do
 */
export function decisionIndex(pages: ReadonlyMap<string, string>): string {
  const rows = [...pages].map(([file, text]) => {
    const [, title, status] = HEAD.exec(text) ?? [];
    if (title === undefined)
      throw new Error(`${file} has to begin with "# Title", then "Status: accepted, 2026-11-24"`);
    return `| [${file.slice(0, 4)}](${file}) | ${title} | ${status} |`;
  });
  return `# Decisions

<!-- written by \`npm run docs\`; edits are lost -->

A page for each choice that others will wonder about: the question, what was chosen, why, and what it costs.

| no. | decision | status |
|---|---|---|
${rows.join('\n')}
`;
}
