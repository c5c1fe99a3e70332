import type { Answer } from '../../create/answers.ts';
import type { Io } from '../shared/io.ts';

/** A question to a person at a terminal. */
export interface Ask {
  readonly message: string;
  readonly initial?: Answer | undefined;
  /** Choices; without them, a text or yes and no. */
  readonly options?: readonly { readonly value: string; readonly label: string; readonly hint?: string }[];
  /** Why it is not taken; undefined where it is. */
  readonly problem?: (text: string) => string | undefined;
}

export interface Person {
  text(ask: Ask): Promise<string>;
  choice(ask: Ask & { options: NonNullable<Ask['options']> }): Promise<string>;
  yes(ask: Ask): Promise<boolean>;
  /** A text that is not shown. */
  secret(ask: Ask): Promise<string>;
}

/** Thrown when the person ends it: Ctrl+C, or a terminal that is gone. */
export class Cancelled extends Error {
  override readonly name = 'Cancelled';
}

/** What a shell reports of a program that Ctrl+C ended. */
const CANCELLED_CODE = 130;

/**
 * Runs a command that a person can end, and says so where they did.
 *
 * @param after what is so then, and what to do next
 */
export async function orCancelled(
  io: Io,
  work: () => Promise<void>,
  after = 'run the same command again to go on',
): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof Cancelled)) throw error;
    io.err(`greenroom: stopped; ${after}\n`);
    io.fail(CANCELLED_CODE);
  }
}

/** Whether questions can be asked: somebody types, and somebody reads. */
export function canAsk(io: Io): boolean {
  return io.interactive && process.stdin.isTTY === true;
}

/**
 * Questions on the terminal.
 *
 * @throws {Cancelled} from each question
 */
export async function person(): Promise<Person> {
  const prompts = await import('@clack/prompts');
  const output = process.stderr;
  // A terminal that goes away would leave a question open for ever, and the process would end without a word.
  const gone = new Promise<never>((_, reject) => {
    for (const event of ['end', 'close', 'error']) process.stdin.once(event, () => reject(new Cancelled()));
  });
  gone.catch(() => undefined);
  const answer = async <T extends string | boolean>(asked: Promise<unknown>): Promise<T> => {
    const value = await Promise.race([asked, gone]);
    if (prompts.isCancel(value)) throw new Cancelled();
    return value as T;
  };
  return {
    text: ({ message, initial, problem }) =>
      answer(
        prompts.text({
          message,
          output,
          ...(initial !== undefined && { defaultValue: String(initial), placeholder: String(initial) }),
          validate: (text) => problem?.(text || String(initial ?? '')),
        }),
      ),
    choice: ({ message, initial, options }) =>
      answer(
        prompts.select({
          message,
          output,
          options: options.map((option) => ({ ...option })),
          ...(initial !== undefined && { initialValue: String(initial) }),
        }),
      ),
    secret: ({ message }) => answer(prompts.password({ message, output })),
    yes: ({ message, initial }) => answer(prompts.confirm({ message, output, initialValue: initial !== false })),
  };
}
