import { createInterface, type Interface } from 'node:readline';
import { type Ask, Cancelled, type Person } from './person.ts';

/**
 * Questions line by line, for terminals that cannot move the cursor, and for screen readers, which would read a screen
 * that is drawn again after each key.
 *
 * @param secret asks for a text that is not shown
 */
export function plainPerson(secret: Person['secret']): Person {
  return {
    secret,
    text: (ask) => untilValid(ask, (text) => text),
    choice: (ask) => {
      const list = ask.options.map(
        ({ label, hint }, i) => `  ${i + 1}. ${label}${hint === undefined ? '' : ` (${hint})`}\n`,
      );
      process.stderr.write(`${ask.message}\n${list.join('')}`);
      const chosen = (text: string) =>
        (ask.options[Number(text) - 1] ?? ask.options.find(({ value }) => value === text))?.value;
      const problem = (text: string) =>
        chosen(text) === undefined ? `Type a number from 1 to ${ask.options.length}.` : undefined;
      return untilValid({ ...ask, message: 'Number', problem }, (text) => chosen(text)!);
    },
    yes: (ask) => {
      const problem = (text: string) => (/^(y|yes|n|no)$/i.test(text) ? undefined : 'Type yes or no.');
      const initial = ask.initial === false ? 'no' : 'yes';
      return untilValid({ ...ask, initial, problem }, (text) => /^y/i.test(text));
    },
  };
}

async function untilValid<T>({ message, initial, problem }: Ask, answerOf: (text: string) => T): Promise<T> {
  const input = createInterface({ input: process.stdin, terminal: false });
  try {
    for (;;) {
      const known = initial === undefined ? '' : ` (Enter for ${initial})`;
      process.stderr.write(`${message}${known}: `);
      const text = (await nextLine(input)).trim() || String(initial ?? '');
      const wrong = problem?.(text);
      if (wrong === undefined) return answerOf(text);
      process.stderr.write(`${wrong}\n`);
    }
  } finally {
    input.close();
  }
}

/** @throws {Cancelled} at the end of the input, and for Ctrl+C */
function nextLine(input: Interface): Promise<string> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      process.stderr.write('\n');
      reject(new Cancelled());
    };
    const done = (text: string) => {
      process.off('SIGINT', stop);
      input.off('close', stop);
      resolve(text);
    };
    process.once('SIGINT', stop);
    input.once('close', stop);
    input.once('line', done);
  });
}
