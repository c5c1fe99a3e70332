import { unifiedDiff } from '../core/diff.ts';
import type { FileSet } from '../core/fileset.ts';
import { code } from '../report/text.ts';
import { wholeItems } from '../report/whole-items.ts';
import { ANSWERS_FILE } from './record.ts';
import type { Update } from './update.ts';

export interface Registered {
  /** `owner/name` */
  readonly repository: string;
  readonly owner: string;
  /** Page of the pull request with the source; null if there is none. */
  readonly source: string | null;
  readonly url: string | null;
  /** `About $0.30 a day ...` */
  readonly cost: string;
  /** The files of its first preview. */
  readonly files: FileSet;
}

/** Description of the pull request that registers a micro app, for the platform team: it can read YAML. */
export function registrationBody({ repository, owner, source, url, cost, files }: Registered): string {
  const blocks = [...files].map(([path, text]) => `\`${path}\`\n\n${fence(text)}\n`);
  const { shown, left } = wholeItems(blocks, { items: 100, characters: 50_000 });
  return [
    `${code(repository)} asks for previews; ${code(owner)} is responsible for it.`,
    '',
    ...(source === null ? [] : [`Its source: ${source}`, '']),
    ...(url === null ? [] : [`Its first preview: ${url}`, '']),
    cost,
    '',
    '<details><summary>What its first preview consists of</summary>',
    '',
    ...shown,
    ...(left > 0 ? [`${left} more files are not shown here.`, ''] : []),
    '</details>',
    '',
  ].join('\n');
}

/** A code fence with more backticks than any run in the text. */
function fence(text: string, language = 'yaml'): string {
  const longest = Math.max(2, ...(text.match(/`+/g) ?? []).map((run) => run.length));
  const ticks = '`'.repeat(longest + 1);
  return `${ticks}${language}\n${text.trimEnd()}\n${ticks}`;
}

/** Description of the pull request with the source code, for makers. */
export function sourceBody(title: string, readme: string | undefined): string {
  const words = readme === undefined ? [] : ['', 'Its README explains the next steps.'];
  return [`Made from the template ${code(title)} by \`greenroom new\`.`, ...words, ''].join('\n');
}

/** Description of the pull request with a newer template: changed files, and files left for people to check. */
export function updateBody(title: string, { change, merged, kept }: Update): string {
  const paths = [...change.keys()].filter((path) => path !== ANSWERS_FILE);
  const line = (path: string) => {
    const how = change.get(path) === null ? ' (removed)' : merged.includes(path) ? ' (with your changes)' : '';
    return `- ${code(path)}${how}`;
  };
  const blocks = kept.map(({ path, why, change: known }) =>
    known === null
      ? `- ${code(path)} ${why}.\n`
      : `- ${code(path)} ${why}. What the template changes:\n\n${fence(unifiedDiff(known.before, known.after), 'diff')}\n`,
  );
  const { shown, left } = wholeItems(blocks, { items: 50, characters: 40_000 });
  return [
    `Brings the newer template ${code(title)}, by \`greenroom update\`.`,
    '',
    ...paths.map(line),
    ...(kept.length === 0 ? [] : ['', 'These stay as they are; look whether you want the change:', '', ...shown]),
    ...(left > 0 ? [`${left} more files stay as they are.`] : []),
    '',
  ].join('\n');
}
