import { type Command, InvalidArgumentError, Option } from 'commander';
import { GreenroomError } from '../../core/errors.ts';
import type { RepositoryRef } from '../../core/repository.ts';
import { duration, durationSeconds } from '../../model/scalars.ts';

/** `owner/name`. The forge decides how many parts are allowed. */
export function repositoryArgument(text: string): RepositoryRef {
  const isPath = /^[A-Za-z0-9][A-Za-z0-9-]{0,38}(\/(?!\.{1,2}(\/|$))[A-Za-z0-9._-]{1,100}){1,9}$/.test(text);
  if (!isPath) throw new InvalidArgumentError('It takes OWNER/NAME, e.g. acme/shop.');
  return { path: text };
}

/** `NAME=VALUE`; may be given several times. */
export function answerArgument(text: string, all: Record<string, string>): Record<string, string> {
  const [, name, value] = /^([A-Za-z][A-Za-z0-9]*)=([\s\S]*)$/.exec(text) ?? [];
  if (name === undefined) throw new InvalidArgumentError('It takes NAME=VALUE, e.g. description="A shop".');
  return { ...all, [name]: value! };
}

/** A positive whole number. */
export function numberArgument(text: string): number {
  if (!/^[1-9]\d{0,14}$/.test(text)) throw new InvalidArgumentError('It takes a positive whole number.');
  return Number(text);
}

/** A positive number, also a fraction. */
export function amountArgument(text: string): number {
  const amount = /^\d{1,12}(\.\d{1,6})?$/.test(text) ? Number(text) : 0;
  if (amount <= 0) throw new InvalidArgumentError('It takes a positive number, e.g. 50 or 2.5.');
  return amount;
}

/** A time such as `90m`, `8h` or `3d`, in seconds. */
export function durationArgument(text: string): number {
  if (!duration.safeParse(text).success) throw new InvalidArgumentError('It takes a time such as 90m, 8h or 3d.');
  return durationSeconds(text);
}

/** A full commit id. */
export function shaArgument(text: string): string {
  if (!/^[0-9a-f]{40}([0-9a-f]{24})?$/.test(text)) {
    throw new InvalidArgumentError('It takes a full commit id: 40 or 64 hexadecimal digits.');
  }
  return text;
}

export type Format = 'text' | 'json';

/** For commands whose report other tools read: code scanning reads SARIF. */
export type ReportFormat = Format | 'sarif';

export function formatOption(command: Command, formats: readonly string[] = ['text', 'json']): Command {
  return command.addOption(new Option('--format <format>', 'form of the output').choices(formats).default('text'));
}

export function reportFormatOption(command: Command): Command {
  return formatOption(command, ['text', 'json', 'sarif']);
}

/** The value of a required option, with a clear message if it is missing. */
export function required<T>(value: T | undefined, flag: string, example: string): T {
  if (value === undefined) throw new GreenroomError('invalid-input', `${flag} is needed, e.g. ${flag} ${example}`);
  return value;
}
