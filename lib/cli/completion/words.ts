import type { Command, Option } from 'commander';
import { builtInTemplates } from '../../create/project.ts';
import { chosenRules } from '../../policies/rule-set.ts';

/** Words that can follow the program's name. */
export interface ProgramWords {
  readonly commands: readonly CommandWords[];
  readonly flags: readonly Flag[];
}

/** Words that can follow a command's name. */
export interface CommandWords {
  readonly name: string;
  readonly summary: string;
  readonly flags: readonly Flag[];
  /** Possible words for its first argument. */
  readonly words: readonly string[];
  /** Whether the first argument must be one of them. */
  readonly isClosed: boolean;
  /** Whether files can be arguments too. */
  readonly takesFiles: boolean;
}

export interface Flag {
  /** With its dashes. */
  readonly name: string;
  /** One letter with its dash. */
  readonly short?: string;
  readonly summary: string;
  /** Null if it takes no value. */
  readonly value: FlagValue | null;
  readonly isRepeatable: boolean;
}

export interface FlagValue {
  readonly kind: 'words' | 'files' | 'folders' | 'text';
  /** Only for the kind `words`. */
  readonly words: readonly string[];
}

/** Arguments with known words that are not the only ones possible. */
const SUGGESTED: Readonly<Record<string, () => readonly string[]>> = {
  explain: () => chosenRules().map(({ id }) => id),
  new: () => [...builtInTemplates().keys()],
  backstage: () => [...builtInTemplates().keys()],
};

/** Names of arguments that are files or folders, or can be. */
const FILE_ARGUMENT = /^(file|path|dir|where|template|preview\.yaml)$/;

const HELP: Flag = { name: '--help', short: '-h', summary: 'display help', value: null, isRepeatable: false };

/** All commands of a program, with `help`, and its flags without a command. */
export function programWords(program: Command): ProgramWords {
  const commands = program.commands.map(wordsOf);
  const words = commands.map(({ name }) => name);
  const summary = 'display help for a command';
  const help = { name: 'help', summary, flags: [], words, isClosed: true, takesFiles: false };
  return { commands: [...commands, help], flags: [...program.options.flatMap(flagOf), HELP] };
}

/** Subcommands are words after the command's name; all their flags are offered. */
function wordsOf(command: Command): CommandWords {
  const parts = [command, ...command.commands];
  const all = parts.flatMap(({ options }) => options.filter(({ hidden }) => !hidden));
  const options = [...new Map(all.map((option) => [option.long, option])).values()];
  const args = parts.flatMap(({ registeredArguments }) => registeredArguments);
  const closed = args.flatMap(({ description }) => closedWords(description) ?? []);
  const words = [...command.commands.map((inner) => inner.name()), ...closed];
  return {
    name: command.name(),
    summary: command.description(),
    flags: [...options.flatMap(flagOf), HELP],
    isClosed: words.length > 0,
    words: [...words, ...(SUGGESTED[command.name()]?.() ?? [])],
    takesFiles: args.some(
      (argument) => FILE_ARGUMENT.test(argument.name()) && closedWords(argument.description) === null,
    ),
  };
}

/** Words listed in an argument's description: `one of preview, platform`. */
function closedWords(description: string): string[] | null {
  return /^one of (.*)$/.exec(description)?.[1]?.split(', ') ?? null;
}

function flagOf(option: Option): Flag[] {
  const { long, short, description, required, variadic, argChoices, flags } = option;
  if (long == null) return [];
  const place = /<([^>]*)>/.exec(flags)?.[1] ?? '';
  const kind = argChoices !== undefined ? 'words' : (KINDS[place] ?? 'text');
  return [
    {
      name: long,
      ...(short != null && { short }),
      summary: description,
      value: required ? { kind, words: argChoices ?? [] } : null,
      isRepeatable: variadic || description.includes('can be repeated'),
    },
  ];
}

/** Values by their placeholder in the help. A place can be a repository, and can be a folder. */
const KINDS: Readonly<Record<string, FlagValue['kind']>> = { file: 'files', dir: 'folders', where: 'folders' };
