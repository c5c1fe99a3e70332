import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import type { Command } from 'commander';
import { PRIVATE_CIDRS } from '../../constructs/preview-namespace/props.ts';
import { EXIT_CODES, GreenroomError } from '../../core/errors.ts';
import type { FileSet } from '../../core/fileset.ts';
import { VERSION } from '../../core/version.ts';
import { kubectlReader } from '../../doctor/cluster/kubectl.ts';
import { clusterNetworks, uncovered } from '../../doctor/cluster/networks.ts';
import { PLATFORM_FILE } from '../../model/layout.ts';
import { namedExtensions } from '../../model/platform/extensions.ts';
import { count } from '../../report/text.ts';
import type { InitAnswers } from '../../scaffold/answers.ts';
import { type InitResult, init, newAppsRepo } from '../../scaffold/init.ts';
import { cloneAddress } from '../shared/clients.ts';
import { clusterAccess } from '../shared/cluster-access.ts';
import type { Configure } from '../shared/command.ts';
import { type ExtensionOptions, extensionOption, loadExtensions } from '../shared/extensions.ts';
import { readInput } from '../shared/files.ts';
import { type Io, json } from '../shared/io.ts';
import { layDown } from '../shared/lay-down.ts';
import { type Format, formatOption } from '../shared/options.ts';

export interface ScaffoldOptions extends ExtensionOptions {
  overwrite?: boolean;
  dryRun?: boolean;
  format: Format;
}

interface InitCommandOptions extends ScaffoldOptions {
  platform?: string;
  domain?: string;
  owner?: string;
  registry?: string;
  contact?: string;
  appsRepo?: string;
  input: boolean;
  commit?: boolean;
  branch?: string;
  kubeconfig?: string;
  context?: string;
}

export function scaffoldOptions(command: Command): Command {
  return extensionOption(formatOption(command))
    .option('--overwrite', 'overwrite files that somebody edited; by default the differences are shown')
    .option('--dry-run', 'show what would be written, write nothing');
}

export const configure: Configure = (command, io) => {
  scaffoldOptions(command)
    .argument('<where>', 'folder of the apps repo, created if needed; with --commit, an empty repository')
    .option('--commit', 'commit to a repository: OWNER/NAME, a Git address, or the path of a bare repository')
    .option('--branch <name>', "with --commit: its branch; default: the repository's own")
    .option('--platform <file>', 'a greenroom.yaml to start from')
    .option('--domain <name>', 'previews answer at https://<name>.<domain>')
    .option('--owner <name>', 'organization or user whose pull requests get previews')
    .option('--registry <place>', 'allowed registry of images; default: ghcr.io/<owner>')
    .option('--contact <handle>', 'who is named in every refusal; default: @<owner>/platform')
    .option(
      '--apps-repo <address>',
      'address that the reconciler clones; default: https://github.com/<owner>/previews.git',
    )
    .option('--kubeconfig <file>', 'read from this cluster the addresses that previews must not reach')
    .option('--context <name>', "context of the kubeconfig; without --kubeconfig, of kubectl's default")
    .option('--no-input', 'ask no questions, even on a terminal')
    .addHelpText(
      'after',
      `
Writes files; without --commit it commits nothing. Safe to run again: correct files and files that you edited do not
change.

With --kubeconfig or --context the addresses of nodes, Services and the API server become network.clusterCidrs of a new
greenroom.yaml. Nothing is changed in the cluster.

Examples:
  greenroom init previews --domain apps.example.com --owner acme
  greenroom init previews --platform greenroom.yaml
  greenroom init acme/previews --commit --domain apps.example.com --owner acme`,
    )
    .action((where: string, options: InitCommandOptions) => run(where, options, io));
};

async function run(where: string, options: InitCommandOptions, io: Io): Promise<void> {
  if (options.branch !== undefined && !options.commit) {
    throw new GreenroomError('invalid-input', '--branch is for --commit: files have no branch');
  }
  if (options.overwrite && options.commit) {
    throw new GreenroomError('invalid-input', '--overwrite is for files: --commit writes to an empty repository only');
  }
  const platform =
    options.platform === undefined ? undefined : new TextDecoder().decode(readInput(io.cwd, options.platform));
  const answers = platform === undefined ? await collectAnswers(where, options, io) : undefined;
  const modules = await loadExtensions(options, io, options.platform ?? join(where, PLATFORM_FILE));
  const wanted = {
    ...modules,
    version: VERSION,
    ...(platform === undefined ? {} : { platform }),
    ...(answers === undefined ? {} : { answers }),
  };
  const toCopy = options.commit ? namedExtensions(platform ?? '') : missingModules(where, platform, io);
  if (options.commit) return commit(where, newAppsRepo(wanted), toCopy, options, io);
  const result = await init({
    ...wanted,
    dir: resolve(io.cwd, where),
    overwrite: options.overwrite === true,
    dryRun: options.dryRun === true,
  });
  report(where, result, options, io);
  if (options.format === 'text' && result.left.length === 0 && options.dryRun !== true) {
    io.err(`Next: ${copyWords(toCopy)}read ${where}/README.md, then commit and push.\n`);
  }
}

/** Modules that greenroom.yaml names but that do not exist. The platform team must write them; init does not. */
function missingModules(where: string, platform: string | undefined, io: Io): readonly string[] {
  return namedExtensions(platform ?? '').filter((path) => !existsSync(resolve(io.cwd, where, path)));
}

function copyWords(modules: readonly string[]): string {
  return modules.length === 0 ? '' : `copy ${modules.join(', ')} into it, `;
}

async function commit(
  appsRepo: string,
  files: FileSet,
  modules: readonly string[],
  options: InitCommandOptions,
  io: Io,
): Promise<void> {
  const { branch, dryRun } = options;
  const { missing, description } = await layDown(files, { appsRepo, branch, dryRun }, io);
  const created = missing.map((path) => ({ path, action: 'create', text: files.get(path)!, diff: '' }) as const);
  report(description, { files: created, left: [], notes: [] }, options, io);
  if (options.format === 'text' && dryRun !== true)
    io.err(`Next: clone it${modules.length === 0 ? ' ' : `, ${copyWords(modules)}`}and read its README.md.\n`);
}

/** Flags first; missing answers are asked only on a terminal. Undefined if greenroom.yaml already exists. */
async function collectAnswers(where: string, options: InitCommandOptions, io: Io): Promise<InitAnswers | undefined> {
  const { registry, contact, commit, appsRepo = commit ? cloneAddress(where, io) : undefined } = options;
  let { domain, owner } = options;
  if (domain === undefined || owner === undefined) {
    if (!commit && existsSync(resolve(io.cwd, where, PLATFORM_FILE))) return undefined;
    if (!(options.input && io.interactive)) {
      const missing = domain === undefined ? '--domain' : '--owner';
      throw new GreenroomError('invalid-input', `there is no ${PLATFORM_FILE} in ${where} yet: give ${missing}`);
    }
    const terminal = createInterface({ input: process.stdin, output: process.stderr });
    try {
      domain ??= (await terminal.question('Domain of the previews, e.g. apps.example.com: ')).trim();
      owner ??= (await terminal.question('Organization whose pull requests get previews: ')).trim();
    } finally {
      terminal.close();
    }
  }
  const clusterCidrs = await findClusterCidrs(options, io);
  return {
    domain,
    owner,
    ...(clusterCidrs === undefined ? {} : { clusterCidrs }),
    ...(registry === undefined ? {} : { registry }),
    ...(contact === undefined ? {} : { contact }),
    ...(appsRepo === undefined ? {} : { appsRepo }),
  };
}

/** The private ranges, and the cluster's networks outside of them; undefined if no cluster was named. */
async function findClusterCidrs({ kubeconfig, context }: InitCommandOptions, io: Io): Promise<string[] | undefined> {
  if (kubeconfig === undefined && context === undefined) return undefined;
  const { networks, hidden } = await clusterNetworks(kubectlReader(clusterAccess({ kubeconfig, context }, io)));
  for (const { message } of hidden) io.err(`greenroom: ${message}\n`);
  return [...PRIVATE_CIDRS, ...uncovered(networks, PRIVATE_CIDRS).map(({ cidr }) => cidr)];
}

/** One line for each changed file, the differences of files that were not changed, and a summary. */
export function report(dir: string, result: InitResult, options: ScaffoldOptions, io: Io): void {
  const changed = result.files.filter((file) => file.action !== 'same' && file.action !== 'keep');
  const action = (file: InitResult['files'][number]) =>
    file.action === 'edited' && !result.left.includes(file.path) ? 'overwrite' : file.action;
  if (options.format === 'json') {
    io.out(json({ files: result.files.map((file) => ({ path: file.path, action: action(file), diff: file.diff })) }));
  } else {
    for (const file of changed) {
      io.out(`${action(file)} ${file.path}\n`);
      if (file.action === 'edited') io.out(file.diff.replace(/^/gm, '    ').trimEnd().concat('\n'));
    }
    const written = changed.length - result.left.length;
    io.err(`${options.dryRun ? 'would write' : 'wrote'} ${count(written, 'file')} in ${dir}\n`);
  }
  for (const note of result.notes) io.err(`greenroom: exception ignored: ${note}\n`);
  if (result.left.length > 0) {
    io.err(
      `greenroom: ${count(result.left.length, 'file')} that somebody edited left alone; --overwrite replaces them\n`,
    );
    io.fail(EXIT_CODES.failed);
  }
}
