import { formatProblem, GreenroomError, type Problem } from '../core/errors.ts';
import { compareStrings, type FileSet } from '../core/fileset.ts';
import type { Finding } from '../core/finding.ts';
import { VERSION } from '../core/version.ts';
import type { CommittedFile } from '../gitops/checkout.ts';
import { EXCEPTIONS_GLOB, PLATFORM_FILE, RECORD_FILE, RECORDS_GLOB } from '../model/layout.ts';
import { MANIFEST_FILE } from '../model/manifest.ts';
import { parseRecord } from '../model/record.ts';
import { applyExceptions, loadExceptions } from '../policies/exceptions.ts';
import { chosenRules } from '../policies/rule-set.ts';
import { hurtWords, YES_LABEL } from '../report/impact.ts';
import { type AppsRepoChange, changesPlatform } from './change.ts';
import { checkFile, createCheckers } from './check-file.ts';
import { impactOf } from './impact.ts';
import { verifyPreviews } from './previews.ts';
import { verifyRemovals } from './removals.ts';
import { compareScaffold, isProtected, sensitiveChanges, strayProblems } from './scaffold.ts';
import { examine } from './shape.ts';

export interface VerifyOptions {
  /** Moves and removals of live previews are confirmed. @default false */
  readonly yes?: boolean;
  /** Use no forge: check only shapes and rules. @default false */
  readonly offline?: boolean;
}

export interface Report {
  readonly problems: Problem[];
  readonly findings: Finding[];
  /** What a person must confirm. */
  readonly asks: Problem[];
  readonly unknown: string[];
  /** What the platform team should know, such as an exception that is ignored. */
  readonly notes: string[];
  readonly summary: { previews: number; changed: number; equal: number };
}

/**
 * Compares a change of an apps repo with what greenroom itself would write. Only reads.
 *
 * @throws GreenroomError as the forge and the apps repo do
 */
export async function verify(change: AppsRepoChange, options: VerifyOptions): Promise<Report> {
  const { head, before, context } = change;
  const folders = changedFolders(change);
  const files = (
    await context.repo.read(
      folders.map((folder) => `${folder}/**`),
      change.headCommit,
    )
  ).files;
  const [asks, notes]: [Problem[], string[]] = [[], []];
  const report: Report = {
    problems: await shapeProblems(change, options, asks, notes),
    findings: [],
    asks,
    notes,
    unknown: [],
    summary: { previews: (await head.records()).length, changed: folders.length, equal: 0 },
  };
  if (options.offline !== true && options.yes !== true) {
    const removals = await verifyRemovals(change);
    report.asks.push(...removals.asks);
    report.unknown.push(...removals.unknown);
  }
  let proved: readonly string[] = [];
  if (options.offline !== true && folders.length > 0) {
    const result = await verifyPreviews({ ...context, forge: await change.forge() }, { head, before, folders, files });
    report.problems.push(...result.problems);
    report.findings.push(...result.findings);
    report.unknown.push(...result.unknown);
    report.summary.equal = result.equal.length;
    proved = result.equal;
  }
  await evaluate(
    report,
    change,
    folders.filter((folder) => !proved.includes(folder)),
    files,
  );
  if (before !== null && changesPlatform(change) && options.yes !== true && options.offline !== true) {
    const hurt = hurtWords(await impactOf(await change.forge(), before, head));
    if (hurt !== null) {
      const message = `this change ${hurt}; if that is intended, run with --yes, or label the pull request ${YES_LABEL}`;
      report.asks.push({ file: PLATFORM_FILE, message });
    }
  }
  return report;
}

/** Folders `previews/<cluster>/<repo>/<name>` at the head that the change touches; all of them without a base. */
function changedFolders({ list, changed }: AppsRepoChange): string[] {
  const folders = new Set<string>();
  for (const path of list.keys()) {
    const match = /^previews\/[a-z0-9-]+\/[a-z0-9-]+\/[a-z0-9-]+(?=\/)/.exec(path);
    if (match !== null) folders.add(match[0]);
  }
  const touched = (folder: string) => changed === null || changed.some((path) => path.startsWith(`${folder}/`));
  return [...folders].filter(touched).sort(compareStrings);
}

/** Problems in shape: always of previews, of other files only if the change touches them. */
async function shapeProblems(
  { head, context, list, oldList, changed, headCommit }: AppsRepoChange,
  options: VerifyOptions,
  asks: Problem[],
  notes: string[],
): Promise<Problem[]> {
  const looksAtScaffold = changed === null || changed.some((path) => !path.startsWith('previews/'));
  const globs = [
    MANIFEST_FILE,
    '*',
    ...['bootstrap', 'policies', 'exceptions', '.github', '.greenroom'].map((folder) => `${folder}/**`),
  ];
  const { files } = await context.repo.read(looksAtScaffold ? globs : [PLATFORM_FILE], headCommit);
  const scaffold = looksAtScaffold
    ? compareScaffold(files, { version: VERSION, now: head.now, extraRules: head.extraRules })
    : [];
  const paths = [...list]
    .filter(([path, { regular }]) => regular && path.startsWith('previews/'))
    .map(([path]) => path);
  const records = (await context.repo.read([RECORDS_GLOB], headCommit)).files;
  const folders = oldList === null || options.yes === true ? null : recordFolders(oldList);
  const { refused, malformed } = await exceptionsOf({ head, context, headCommit });
  // An exception in this change must be valid. Another one that has ended is only reported.
  const isTold = ({ file = '', field }: Problem) =>
    changed === null ? field === 'spec.until' : !changed.includes(file);
  const ignored = [...malformed, ...refused];
  notes.push(...ignored.filter(isTold).map((problem) => `exception ignored: ${formatProblem(problem)}`));
  if (options.yes !== true) asks.push(...sensitiveChanges(changed ?? [], scaffold));
  return [
    ...strayProblems(list, looksAtScaffold ? scaffold : []).filter(
      ({ file = '' }) => looksAtScaffold || !isProtected(file),
    ),
    ...ignored.filter((problem) => !isTold(problem)),
    ...examine({ platform: head.platform, scaffold, paths, records, before: folders }),
  ];
}

async function exceptionsOf({ head, context, headCommit }: Pick<AppsRepoChange, 'head' | 'context' | 'headCommit'>) {
  const { files } = await context.repo.read([EXCEPTIONS_GLOB], headCommit);
  return loadExceptions(files, { now: head.now, platform: head.platform, rules: chosenRules(context) });
}

function recordFolders(list: ReadonlyMap<string, CommittedFile>): string[] {
  return [...list.keys()].flatMap((path) => /^(previews\/[^/]+\/[^/]+\/[^/]+)\/preview\.json$/.exec(path)?.[1] ?? []);
}

/** Findings of the rules in manifests that differ from greenroom's or were not compared. */
async function evaluate(
  report: Report,
  { head, context, headCommit }: AppsRepoChange,
  folders: readonly string[],
  files: FileSet,
): Promise<void> {
  const { honoured } = await exceptionsOf({ head, context, headCommit });
  for (const folder of folders) {
    const record = parseRecord(files.get(`${folder}/${RECORD_FILE}`) ?? '');
    const preview = { name: record?.name ?? '', repository: record?.identity.repository ?? '' };
    const repository = record?.identity.repository ?? null;
    const checkers = createCheckers(head.platform, head.extraRules, { repository });
    for (const [path, text] of files) {
      if (!path.startsWith(`${folder}/`) || !path.endsWith('.yaml')) continue;
      try {
        const { findings } = checkFile(checkers, Buffer.from(text), path, { repository });
        report.findings.push(...applyExceptions(findings, preview, honoured));
      } catch (error) {
        if (!(error instanceof GreenroomError) || error.code !== 'invalid-input') throw error;
        report.problems.push(...error.problems);
      }
    }
  }
}
