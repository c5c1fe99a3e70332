import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { EXIT_CODES, GreenroomError, type Problem } from '../../core/errors.ts';
import type { Finding } from '../../core/finding.ts';
import type { PreviewState } from '../../report/state.ts';
import { code, count, printable, sentence } from '../../report/text.ts';
import { type Status, titleOf } from '../../status/status.ts';
import type { Configure } from '../shared/command.ts';
import { readInput } from '../shared/files.ts';
import type { Io } from '../shared/io.ts';

/** GitHub accepts 1 MiB of summary for each step, and drops a longer one completely. */
const MAX_SUMMARY_BYTES = 1_000_000;
/** GitHub shows ten errors and ten warnings for each step. */
const MAX_ANNOTATIONS = 20;

/** The parts of the commands' `--format json` output that are used here. */
interface Answer {
  readonly name?: string | null;
  readonly state?: PreviewState;
  readonly status?: Status | null;
  readonly results?: readonly (Pick<Answer, 'name' | 'state' | 'status'> & {
    readonly repository: string;
    readonly number: number;
    readonly effect: string;
  })[];
  readonly failures?: readonly { readonly subject: string; readonly message: string }[];
  readonly unknown?: readonly string[];
  readonly findings?: readonly Finding[];
  readonly problems?: readonly Problem[];
}

export const configure: Configure = (command, io) => {
  command
    .addHelpText(
      'after',
      `
Reads its input from the variables that action.yml sets (INPUT_COMMAND, INPUT_APPS_REPO, INPUT_REPO, INPUT_PR,
INPUT_PATHS, INPUT_PLATFORM), runs that command, and writes outputs, a summary of the job and annotations.`,
    )
    .action(() => run(io));
};

async function run(io: Io): Promise<void> {
  const args = argumentsOf(io.env);
  if (args[0] === 'sync' && isForkWithoutToken(io)) return skipFork(io);
  // The output may quote a maker's file, so the runner must not interpret commands in it.
  const stop = randomUUID();
  io.out(`::stop-commands::${stop}\n`);
  const { code, stdout } = await greenroom(args, io);
  io.out(`\n::${stop}::\n`);
  io.fail(code);
  if (stdout === '') return;
  const answer = JSON.parse(stdout) as Answer;
  append(io.env['GITHUB_OUTPUT'], outputs(answer));
  append(io.env['GITHUB_STEP_SUMMARY'], cut(summary(answer)));
  for (const line of annotations(answer)) io.out(`${line}\n`);
}

/** GitHub gives workflows of a fork's pull request no secrets, on purpose. Without a token nothing can be read. */
function isForkWithoutToken({ env, cwd }: Io): boolean {
  const proofs = ['GITHUB_TOKEN', 'GITHUB_APP_PRIVATE_KEY', 'GITHUB_APP_PRIVATE_KEY_FILE'];
  if (proofs.some((name) => env[name]) || !env['GITHUB_EVENT_PATH']) return false;
  const payload = JSON.parse(new TextDecoder().decode(readInput(cwd, env['GITHUB_EVENT_PATH']))) as {
    readonly repository?: { readonly id?: unknown };
    readonly pull_request?: { readonly head?: { readonly repo?: { readonly id?: unknown } | null } };
  };
  return payload.pull_request !== undefined && payload.pull_request.head?.repo?.id !== payload.repository?.id;
}

function skipFork(io: Io): void {
  const sentence = 'This pull request comes from a fork, whose workflows get no token: no preview is made from here.';
  io.out(`::notice::${sentence}\n`);
  append(
    io.env['GITHUB_OUTPUT'],
    outputs({ name: null, state: { state: 'none', reason: 'fork', sentence, removed: null } }),
  );
  append(io.env['GITHUB_STEP_SUMMARY'], `### preview: none\n${sentence}\n`);
}

/** A value can never become another option: it is in the same word as its flag, and files come after `--`. */
function argumentsOf(env: Io['env']): string[] {
  const input = (name: string) => env[`INPUT_${name}`]?.trim() ?? '';
  const option = (flag: string, name: string) => (input(name) === '' ? [] : [`--${flag}=${input(name)}`]);
  const command = input('COMMAND');
  if (command === 'check') {
    const paths = input('PATHS')
      .split('\n')
      .flatMap((path) => path.trim() || []);
    return ['check', '--format=json', ...option('platform', 'PLATFORM'), '--', ...paths];
  }
  if (command !== 'sync' && command !== 'sweep') {
    throw new GreenroomError('invalid-input', `the input command is sync, sweep or check; found ${printable(command)}`);
  }
  if (input('APPS_REPO') === '') {
    throw new GreenroomError('invalid-input', 'the input apps-repo is needed, e.g. apps-repo: acme/previews');
  }
  const common = [command, '--format=json', ...option('apps-repo', 'APPS_REPO')];
  if (command === 'sweep') return common;
  const named = [...option('repo', 'REPO'), ...option('pr', 'PR')];
  const event = env['GITHUB_EVENT_PATH'];
  return [...common, ...named, ...(named.length < 2 && event ? [`--event=${event}`] : [])];
}

/** Runs the command as a separate process, as a user would. */
async function greenroom(args: readonly string[], io: Io): Promise<{ code: number; stdout: string }> {
  const child = spawn(process.execPath, [process.argv[1]!, ...args], {
    cwd: io.cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  // Use one stream to keep the order: `stop-commands` must come before the output, and the end token after it.
  child.stderr.setEncoding('utf8').on('data', io.out);
  const ended = new Promise<number>((resolve, reject) => {
    child.on('error', reject).on('close', (code) => resolve(code ?? EXIT_CODES.failed));
  });
  const [stdout, code] = await Promise.all([text(child.stdout), ended]);
  return { code, stdout };
}

/** Each value is one line, enclosed in a random delimiter that nobody can guess. */
function outputs({ name, state, status }: Answer): string {
  if (state === undefined) return '';
  const values = {
    name: name ?? '',
    state: state.state,
    status: status?.state ?? '',
    url: state.state === 'committed' ? (state.preview.url ?? '') : '',
  };
  return Object.entries(values)
    .map(([key, value]) => {
      const end = randomUUID();
      return `${key}<<${end}\n${printable(value)}\n${end}\n`;
    })
    .join('');
}

function summary({
  name,
  state,
  status,
  results,
  failures = [],
  unknown = [],
  findings = [],
  problems = [],
}: Answer): string {
  if (state !== undefined) return lines([`### ${heading(name, state, status)}`, ...details(state)]);
  if (results === undefined) {
    const title = `### greenroom check: ${count(findings.length + problems.length, 'finding')}`;
    return lines([title, ...findings.map(findingText), ...problems.map(problemText)]);
  }
  const changed = results.filter(({ effect }) => effect !== 'none');
  return lines([
    `### greenroom sweep: ${count(results.length, 'preview')} looked at, ${changed.length} changed`,
    ...changed.map(
      (r) => `- ${sentence(`${r.repository}#${r.number}`)}: ${r.effect}, ${heading(r.name, r.state!, r.status)}`,
    ),
    ...failures.map(({ subject, message }) => `- failed: ${sentence(`${subject}: ${message}`)}`),
    ...unknown.map((what) => `- left alone: ${sentence(what)}`),
  ]);
}

function heading(name: string | null | undefined, state: PreviewState, status: Status | null = null): string {
  const url = state.state === 'committed' ? state.preview.url : null;
  const answers = status?.state === 'ready' || status?.state === 'ready-older';
  const link = url === null ? '' : ` - [${answers ? 'open the preview' : 'its address'}](${url})`;
  const words = state.state !== 'committed' ? state.state : status === null ? 'committed' : titleOf(status);
  return `${name ?? 'preview'}: ${words}${link}`;
}

function details(state: PreviewState): string[] {
  switch (state.state) {
    case 'invalid':
      return state.problems.map(problemText);
    case 'denied':
    case 'committed':
      return state.findings.map(findingText);
    case 'queued':
    case 'none':
    case 'review':
      return [sentence(state.sentence)];
    case 'waiting':
      return [
        `The image ${code(state.image)} is not there yet.`,
        ...(state.note === undefined ? [] : [`${sentence(state.note)}.`]),
      ];
    case 'unknown':
      return [sentence(state.reason)];
    case 'no-file':
    case 'problem':
      return [];
  }
}

const findingText = (f: Finding) => `- ${sentence(`${f.file}:${f.line}: ${f.message}`)} (${f.rule})`;
const problemText = (p: Problem) => `- ${sentence([p.file, p.line, p.field, p.message].filter(Boolean).join(': '))}`;

/** Annotations for lines. @see https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions */
function annotations({ state, findings = [], problems = [] }: Answer): string[] {
  const found = state?.state === 'denied' || state?.state === 'committed' ? state.findings : findings;
  const wrong = state?.state === 'invalid' ? state.problems : problems;
  return [
    ...wrong.map((p) => annotation('error', p.file ?? 'preview.yaml', p.line ?? 1, p.message)),
    ...found
      .filter((f) => f.exception === undefined)
      .map((f) => annotation(f.severity === 'deny' ? 'error' : 'warning', f.file, Math.max(f.line, 1), f.message)),
  ].slice(0, MAX_ANNOTATIONS);
}

function annotation(level: 'error' | 'warning', file: string, line: number, message: string): string {
  const data = (value: string) => printable(value).replaceAll('%', '%25');
  const property = (value: string) => data(value).replaceAll(':', '%3A').replaceAll(',', '%2C');
  return `::${level} file=${property(file)},line=${line}::${data(message)}`;
}

function lines(all: readonly string[]): string {
  return `${all.join('\n')}\n`;
}

/** Shortens the summary at the end of a line. */
function cut(summary: string): string {
  const bytes = Buffer.from(summary);
  if (bytes.length <= MAX_SUMMARY_BYTES) return summary;
  const end = bytes.lastIndexOf('\n', MAX_SUMMARY_BYTES);
  return `${bytes.toString('utf8', 0, end)}\n\n(cut: the whole of it is in the log)\n`;
}

function append(file: string | undefined, content: string): void {
  if (file && content !== '') appendFileSync(file, content);
}
