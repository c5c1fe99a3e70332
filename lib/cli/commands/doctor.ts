import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { CheckResult, CheckStatus } from '../../cluster/check-result.ts';
import { systemClock } from '../../core/clock.ts';
import { EXIT_CODES, formatProblem, GreenroomError } from '../../core/errors.ts';
import type { RepositoryRef } from '../../core/repository.ts';
import { VERSION } from '../../core/version.ts';
import { BUILD_FILES, type BuildReading, checkBuild } from '../../doctor/build/awaited.ts';
import { type ExamineOptions, examineCluster } from '../../doctor/cluster/examine.ts';
import { contextName, kubectlReader } from '../../doctor/cluster/kubectl.ts';
import { LISTED_FENCES, PLATFORM_FILE, PREVIEW_FILE, RECORD_FILE, repoOfName } from '../../model/layout.ts';
import { MANIFEST_FILE } from '../../model/manifest.ts';
import type { PlatformSpec } from '../../model/platform.ts';
import { count } from '../../report/text.ts';
import { init } from '../../scaffold/init.ts';
import { strayProblems } from '../../verify/scaffold.ts';
import { examine } from '../../verify/shape.ts';
import { clusterAccess } from '../shared/cluster-access.ts';
import type { Configure } from '../shared/command.ts';
import { type ExtensionOptions, extensionOption, loadExtensions } from '../shared/extensions.ts';
import { readInput } from '../shared/files.ts';
import { type Io, json } from '../shared/io.ts';
import { type Format, formatOption, repositoryArgument } from '../shared/options.ts';
import { soundPlatform } from '../shared/platform.ts';
import { repositoryAt } from '../shared/stand-in.ts';

interface DoctorOptions extends ExtensionOptions {
  since?: string;
  kubeconfig?: string;
  context?: string;
  cluster: boolean;
  build?: string;
  repo?: RepositoryRef;
  format: Format;
}

export const configure: Configure = (command, io) => {
  extensionOption(formatOption(command))
    .argument('<dir>', 'a checkout of the apps repo')
    .option('--since <commit>', 'also compare the removals of previews since this commit with the removal limit')
    .option('--kubeconfig <file>', 'also check the cluster of this kubeconfig; default: KUBECONFIG, if it is set')
    .option(
      '--context <name>',
      'context of the kubeconfig; without --kubeconfig and KUBECONFIG, of the one in the home folder',
    )
    .option('--build <dir>', 'also check which images the build of the micro app in this checkout pushes')
    .option('--repo <owner/name>', "with --build: its repository; default: the checkout's origin", repositoryArgument)
    .option('--no-cluster', 'check no cluster, even if KUBECONFIG is set')
    .addHelpText(
      'after',
      `
First checks the checkout: bootstrap/, policies/ and .greenroom/ must contain exactly what greenroom writes from
greenroom.yaml. Each preview.json must be valid, with unchanged files beside it. There must be no .gitmodules,
.gitattributes or links, and .github/CODEOWNERS must exist. You may change or remove workflows and README; they are only
listed if greenroom upgrade would write them again.

With a kubeconfig, then checks the cluster: whether bootstrap/ and policies/ are installed as greenroom writes them,
whether the reconciler works and reads the apps repo, permissions of accounts, fences of live previews, how previews end,
the ingress, the certificate, and the addresses that previews must not reach. It cannot check whether the network plugin
enforces network policies. Each line says what is wrong and what to do. Writes nothing; only reads from the cluster.

With --build, reads the workflows (or .gitlab-ci.yml) of a micro app without running anything, and reports if they push
another tag than its previews expect. What only a run can show is listed as unknown.

Exit code 1: something is wrong. Exit code 4: nothing is wrong, but not everything could be checked.

Examples:
  greenroom doctor . --since origin/main
  greenroom doctor . --build ../shop
  greenroom doctor . --context staging`,
    )
    .action((dir: string, options: DoctorOptions) => run(resolve(io.cwd, dir), options, io));
};

async function run(dir: string, options: DoctorOptions, io: Io): Promise<void> {
  const modules = await loadExtensions(options, io, join(dir, PLATFORM_FILE));
  const platform = soundPlatform(dir, PLATFORM_FILE, modules);
  if (!existsSync(join(dir, MANIFEST_FILE))) {
    const what = `was not created by greenroom (no ${MANIFEST_FILE}); run \`greenroom init\` in it`;
    throw new GreenroomError('invalid-input', `${dir} ${what}`);
  }
  const { files: scaffold, notes } = await init({ dir, version: VERSION, dryRun: true, ...modules });
  for (const note of notes) io.err(`greenroom: exception ignored: ${note}\n`);
  const paths = await previewPaths(dir);
  const records = new Map<string, string>();
  const contents = new Map<string, string>();
  for (const path of paths) {
    if (path.endsWith(LINK)) continue;
    contents.set(path, new TextDecoder().decode(readInput(dir, path)));
    if (path.endsWith(`/${RECORD_FILE}`)) records.set(path, contents.get(path)!);
  }
  const before = options.since === undefined ? null : await foldersAt(dir, options.since);
  const build = options.build === undefined ? null : await readBuildOf(options.build, platform, options, io);
  const problems = [
    ...(build?.problems ?? []),
    ...strayProblems(await otherFiles(dir), scaffold),
    ...examine({ platform, scaffold, paths, records, contents, before }),
  ];
  if (options.format === 'text') for (const problem of problems) io.out(`${formatProblem(problem)}\n`);
  for (const sentence of build?.unknown ?? []) io.err(`not known: ${sentence}\n`);
  if ((build?.unknown ?? []).length > 0) io.fail(EXIT_CODES.unreachable);
  if (problems.length === 0) io.err(`nothing to change; ${count(records.size, 'preview')}\n`);
  else io.fail(EXIT_CODES.failed);
  const isKnown = await knownPreviews(dir, paths);
  const cluster = await lookIntoCluster({ platform, files: scaffold, isKnown }, options, io);
  if (options.format === 'json') io.out(json({ problems, cluster }));
}

/** Compares the images that the CI files of a checkout push with those that its previews need. */
async function readBuildOf(
  dir: string,
  platform: PlatformSpec,
  { repo }: DoctorOptions,
  io: Io,
): Promise<BuildReading> {
  const repository = repo?.path ?? (await repositoryAt({}, dir, io));
  if (repository === null) {
    throw new GreenroomError('invalid-input', `--repo is missing: ${dir} has no origin that names its repository`);
  }
  const root = resolve(io.cwd, dir);
  const workflows = (await entriesBelow(root, '.github/workflows')).filter(({ regular }) => regular);
  const paths = [...workflows.map(({ path }) => path), '.gitlab-ci.yml', '.gitlab-ci.yaml'].filter(
    (path) => BUILD_FILES.test(path) && existsSync(join(root, path)),
  );
  const text = (path: string) => new TextDecoder().decode(readInput(root, path));
  return checkBuild(new Map([PREVIEW_FILE, ...paths].map((path) => [path, text(path)])), repository, platform);
}

/** Null if it was not requested: a cluster from the default kubeconfig is not examined. */
async function lookIntoCluster(
  appsRepo: Pick<ExamineOptions, 'platform' | 'files' | 'isKnown'>,
  options: DoctorOptions,
  io: Io,
): Promise<{ context: string; observations: CheckResult[] } | null> {
  const { kubeconfig, context } = options;
  const access = clusterAccess(options, io);
  if (!options.cluster || !(kubeconfig ?? context ?? io.env.KUBECONFIG)) return null;
  const name = await contextName(access);
  io.err(`looking into the cluster of context ${name}; nothing is changed there\n`);
  const observations = await examineCluster({
    ...appsRepo,
    reader: kubectlReader(access),
    now: systemClock(),
  });
  if (options.format === 'text') {
    for (const { check, status, message, fix } of observations) {
      io.out(`${status.padEnd(7)} ${check}: ${message}\n${fix === undefined ? '' : `        ${fix}\n`}`);
    }
  }
  const of = (status: CheckStatus) => observations.filter((each) => each.status === status).length;
  const isHealthy = of('fail') + of('unknown') === 0;
  io.err(
    `${isHealthy ? 'healthy: ' : ''}${of('ok')} ok, ${of('warn')} to know, ${of('fail')} wrong, ${of('unknown')} not looked at\n`,
  );
  if (of('fail') > 0) io.fail(EXIT_CODES.failed);
  else if (of('unknown') > 0) io.fail(EXIT_CODES.unreachable);
  return { context: name, observations };
}

/** Whether a preview is known: it has a folder in any cluster, or the reconciler lists its pull request itself. */
async function knownPreviews(dir: string, paths: readonly string[]): Promise<(preview: string) => boolean> {
  const names = new Set(paths.map((path) => path.split('/')[3]));
  const listed = new Set((await entriesBelow(dir, LISTED_FENCES)).map(({ path }) => path.split('/')[2]));
  return (preview) => names.has(preview) || listed.has(repoOfName(preview));
}

const LINK = ' (a link)';

/** Sorted paths. A link is listed too, but marked, so it does not count as a file of a preview. */
async function previewPaths(dir: string): Promise<string[]> {
  const entries = await entriesBelow(dir, 'previews');
  return entries.map(({ path, regular }) => (regular ? path : `${path}${LINK}`)).sort();
}

/** All files outside of the previews, including hidden ones. */
async function otherFiles(dir: string) {
  const top = (await readdir(dir, { withFileTypes: true })).filter(({ name }) => !['.git', 'previews'].includes(name));
  const files = top
    .filter((entry) => !entry.isDirectory())
    .map((entry) => ({ path: entry.name, regular: entry.isFile() }));
  const folders = top.filter((entry) => entry.isDirectory());
  const below = await Promise.all(folders.map(({ name }) => entriesBelow(dir, name)));
  return new Map([...files, ...below.flat()].map(({ path, regular }) => [path, { regular, executable: false }]));
}

async function entriesBelow(dir: string, folder: string): Promise<{ path: string; regular: boolean }[]> {
  const entries = await readdir(join(dir, folder), { recursive: true, withFileTypes: true }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      throw new GreenroomError('invalid-input', `${join(dir, folder)}: cannot be read (${error.code})`);
    },
  );
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => ({ path: join(entry.parentPath, entry.name).slice(dir.length + 1), regular: entry.isFile() }));
}

async function foldersAt(dir: string, commit: string): Promise<string[]> {
  if (!/^[A-Za-z0-9][A-Za-z0-9._/~^-]{0,200}$/.test(commit)) {
    throw new GreenroomError('invalid-input', `--since takes a commit or a branch; found "${commit}"`);
  }
  try {
    const args = ['-C', dir, 'ls-tree', '-r', '-z', '--name-only', commit, '--', 'previews'];
    const { stdout } = await promisify(execFile)('git', args, { maxBuffer: 1024 * 1024 * 1024 });
    const records = stdout.split('\0').filter((path) => path.endsWith(`/${RECORD_FILE}`));
    return records.map((path) => path.slice(0, -RECORD_FILE.length - 1));
  } catch (cause) {
    throw new GreenroomError('invalid-input', `--since: ${dir} has no commit ${commit}`, { cause });
  }
}
