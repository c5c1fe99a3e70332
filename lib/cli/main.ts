import { Command, CommanderError, type Option } from 'commander';
import { EXIT_CODES } from '../core/errors.ts';
import { VERSION } from '../core/version.ts';
import type { Configure } from './shared/command.ts';
import { type Io, reportFailure } from './shared/io.ts';

/** Each command is in its own file, which is loaded only if it is called or its help is shown. */
const COMMANDS: Readonly<Record<string, { summary: string; load: () => Promise<{ configure: Configure }> }>> = {
  init: { summary: 'create an apps repo', load: () => import('./commands/init.ts') },
  upgrade: {
    summary: 'bring an apps repo up to date with its greenroom.yaml and this version',
    load: () => import('./commands/upgrade.ts'),
  },
  list: {
    summary: 'list what runs: state, commit, end, cost, owner and address',
    load: () => import('./commands/list.ts'),
  },
  status: {
    summary: 'show the state of previews, and follow it',
    load: () => import('./commands/status.ts'),
  },
  open: { summary: 'open a preview in a browser', load: () => import('./commands/open.ts') },
  log: { summary: 'show who changed what, from the history of an apps repo', load: () => import('./commands/log.ts') },
  doctor: {
    summary: 'find what is wrong with an apps repo and its cluster',
    load: () => import('./commands/doctor.ts'),
  },
  verify: {
    summary: 'check a change of an apps repo: it must be what greenroom would write',
    load: () => import('./commands/verify.ts'),
  },
  diff: { summary: 'show what a change of settings does to live previews', load: () => import('./commands/diff.ts') },
  comment: { summary: 'write or update one comment on a pull request', load: () => import('./commands/comment.ts') },
  render: { summary: 'print the manifests of a preview', load: () => import('./commands/render.ts') },
  sync: { summary: 'make the apps repo match one pull request', load: () => import('./commands/sync.ts') },
  sweep: {
    summary: 'make the apps repo match all pull requests, and end what has expired',
    load: () => import('./commands/sweep.ts'),
  },
  serve: {
    summary: 'receive webhooks: sync their pull requests, and sweep regularly',
    load: () => import('./commands/serve.ts'),
  },
  watch: {
    summary: 'report the previews of a cluster to serve',
    load: () => import('./commands/watch.ts'),
  },
  check: {
    summary: 'check a preview.yaml as sync would, or Kubernetes objects',
    load: () => import('./commands/check.ts'),
  },
  new: {
    summary: 'start a micro app: its repository, and its registration in the apps repo',
    load: () => import('./commands/new.ts'),
  },
  update: {
    summary: 'open a pull request with the newer template of a micro app',
    load: () => import('./commands/update.ts'),
  },
  backstage: {
    summary: 'write the templates of new for Backstage',
    load: () => import('./commands/backstage.ts'),
  },
  import: {
    summary: 'convert a compose file, a Score file or an app.json to a preview.yaml',
    load: () => import('./commands/import.ts'),
  },
  secrets: {
    summary: 'encrypt secrets for a preview, and find plain credentials in files',
    load: () => import('./commands/secrets.ts'),
  },
  cost: { summary: 'estimate what a preview costs', load: () => import('./commands/cost.ts') },
  policies: {
    summary: 'compile the rules for an admission engine',
    load: () => import('./commands/policies.ts'),
  },
  explain: { summary: 'explain a rule, and how to get an exception', load: () => import('./commands/explain.ts') },
  action: { summary: 'run as the GitHub Action (action.yml)', load: () => import('./commands/action.ts') },
  completion: {
    summary: 'print a completion script for bash, zsh or fish',
    load: () => import('./commands/completion.ts'),
  },
  schema: {
    summary: 'print the JSON Schema of preview.yaml, greenroom.yaml and other files',
    load: () => import('./commands/schema.ts'),
  },
};

const EPILOGUE = `
Examples:
  greenroom init previews --domain apps.example.com --owner acme
  greenroom render preview.yaml --platform greenroom.yaml --repo acme/shop --pr 7
  greenroom sync --repo acme/shop --pr 7 --apps-repo acme/previews

Exit codes: 0 done, 1 failed, 2 bad input or usage, 3 denied by policy,
4 a server was not reachable, or others changed the same files (safe to run again)`;

/** Shows the choices, and the default as people would write it; an empty default (such as an empty list) is omitted. */
function optionDescription(option: Option): string {
  const { description, defaultValue, defaultValueDescription, negate, argChoices } = option;
  const isPlain = ['string', 'number'].includes(typeof defaultValue) && !negate;
  const shown = defaultValueDescription ?? (isPlain ? String(defaultValue) : undefined);
  const choices = argChoices === undefined ? [] : [`one of ${argChoices.join(', ')}`];
  const parts = [...choices, ...(shown === undefined ? [] : [`default: ${shown}`])];
  return parts.length === 0 ? description : `${description} (${parts.join('; ')})`;
}

const QUIET = 'print no messages except errors';
const VERBOSE = 'also print the causes of errors';

/** Applies the verbosity of the command line; data and errors are always printed. */
function spoken(argv: readonly string[], io: Io): Io {
  const end = argv.indexOf('--');
  const flags = end < 0 ? argv : argv.slice(0, end);
  const isQuiet = flags.some((flag) => flag === '--quiet' || /^-q+$/.test(flag));
  // Our errors, and those about the command line.
  const err = (text: string) => {
    if (!isQuiet || /^(greenroom|error): /.test(text)) io.err(text);
  };
  const env = flags.includes('--verbose') ? { ...io.env, GREENROOM_DEBUG: '1' } : io.env;
  const { out, cwd, fail } = io;
  return {
    out,
    err,
    env,
    cwd,
    fail,
    get interactive() {
      return !isQuiet && io.interactive;
    },
  };
}

/** Runs a command line; the exit code goes to `io.fail`. */
export async function main(argv: readonly string[], world: Io): Promise<void> {
  const io = spoken(argv, world);
  const program = new Command('greenroom')
    .description('A preview link on every pull request, from a ten-line file, through your GitOps repo.')
    .version(VERSION)
    // Before the command or after it; `spoken` applies them.
    .option('-q, --quiet', QUIET)
    .option('--verbose', VERBOSE)
    .addHelpText('after', EPILOGUE)
    .configureOutput({ writeOut: io.out, writeErr: io.err })
    .configureHelp({ optionDescription })
    .exitOverride();
  const words = argv.filter((word) => !word.startsWith('-'));
  const called = words[0] === 'help' ? words[1] : words[0];
  for (const [name, { summary, load }] of Object.entries(COMMANDS)) {
    const command = program.command(name).description(summary).copyInheritedSettings(program);
    if (name !== called && called !== 'completion') continue;
    (await load()).configure(command, io);
    command.option('-q, --quiet', QUIET).option('--verbose', VERBOSE);
  }
  try {
    // The library shows the general help for an unknown name.
    if (words[0] === 'help' && called !== undefined && !Object.hasOwn(COMMANDS, called) && called !== 'help') {
      program.error(`error: unknown command '${called}'`);
    }
    await program.parseAsync(argv, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) reportFailure(error, io);
    else if (error.exitCode !== 0) io.fail(EXIT_CODES['invalid-input']);
  }
}
