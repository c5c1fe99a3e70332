import type { Io } from '../shared/io.ts';
import { Cancelled, type Person } from './person.ts';

/** Exit code that shells use for a program ended by Ctrl+C. */
const CANCELLED_CODE = 130;

/**
 * Runs a command that a person can cancel, and reports the cancellation.
 *
 * @param after what the situation is then, and what to do next
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

/** Whether questions can be asked: both input and output are a terminal. */
export function canAsk(io: Io): boolean {
  return io.interactive && process.stdin.isTTY === true;
}

/**
 * Questions on the terminal; line by line if it cannot do more (`TERM=dumb`), or by `GREENROOM_PLAIN=1`.
 *
 * @throws {Cancelled} from each question
 */
export async function person({ env }: Io): Promise<Person> {
  const prompts = await import('@clack/prompts');
  const output = process.stderr;
  // If the terminal is closed, a question would never end, and the process would exit without a message.
  const gone = new Promise<never>((_, reject) => {
    for (const event of ['end', 'close', 'error']) process.stdin.once(event, () => reject(new Cancelled()));
  });
  gone.catch(() => undefined);
  const answer = async <T extends string | boolean>(asked: Promise<unknown>): Promise<T> => {
    const value = await Promise.race([asked, gone]);
    if (prompts.isCancel(value)) throw new Cancelled();
    return value as T;
  };
  const drawn: Person = {
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
  if (env.TERM !== 'dumb' && env.GREENROOM_PLAIN !== '1') return drawn;
  const { plainPerson } = await import('./plain-questions.ts');
  return plainPerson(drawn.secret);
}
