import { EXIT_CODES, GreenroomError } from '../../core/errors.ts';
import { codePointName } from '../../core/text.ts';

/** Environment of a command: data goes to `out`, diagnostics to `err`. */
export interface Io {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Whether a person reads `err`; only then progress is shown. */
  readonly interactive: boolean;
  /** Sets the exit code; the highest of several calls wins. */
  readonly fail: (exitCode: number) => void;
}

/** Converts an error to its exit code and a message for people, with the main line last. */
export function reportFailure(error: unknown, io: Io): void {
  if (error instanceof GreenroomError) {
    io.err(`greenroom: ${harmless(error.message)}\n`);
    if (io.env.GREENROOM_DEBUG && error.cause) io.err(`${harmless(causeText(error.cause))}\n`);
    io.fail(EXIT_CODES[error.code]);
    return;
  }
  if (error instanceof Error && error.name === 'AbortError') {
    io.err('greenroom: stopped; nothing was written\n');
    io.fail(EXIT_CODES.failed);
    return;
  }
  const text = error instanceof Error ? error.message : String(error);
  if (error instanceof Error && io.env.GREENROOM_DEBUG) io.err(`${error.stack}\n`);
  io.err('Run again with GREENROOM_DEBUG=1 for the details to report.\n');
  io.err(`greenroom: internal error, please report: ${text}\n`);
  io.fail(EXIT_CODES.failed);
}

/** Messages quote files and answers of others, which must not control a terminal or change the order of its text. */
function harmless(text: string): string {
  return text
    .replace(/(?![\n\t])\p{Cc}/gu, '')
    .replace(/[\p{Bidi_Control}\u2028\u2029]/gu, (character) => `<${codePointName(character)}>`);
}

function causeText(cause: unknown): string {
  return cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
}

/** Text for `--format json` of all commands: indented, so that people can read it too. */
export function json(value: unknown): string {
  return `${JSON.stringify(value, (_, v) => (v instanceof Map ? Object.fromEntries(v) : v), 2)}\n`;
}
