import type { Command } from 'commander';
import { GreenroomError } from '../../core/errors.ts';
import type { Configure } from '../shared/command.ts';
import { type CommandWords, SHELLS } from '../shared/completion.ts';

export const configure: Configure = (command, io) => {
  command
    .argument('<shell>', `one of ${Object.keys(SHELLS).join(', ')}`)
    .addHelpText(
      'after',
      `
Examples:
  source <(greenroom completion bash)                                   # in ~/.bashrc
  greenroom completion zsh > "\${fpath[1]}/_greenroom"
  greenroom completion fish > ~/.config/fish/completions/greenroom.fish`,
    )
    .action((shell: string) => {
      const write = Object.hasOwn(SHELLS, shell) ? SHELLS[shell] : undefined;
      if (write === undefined) {
        const known = Object.keys(SHELLS).join(', ');
        throw new GreenroomError('invalid-input', `there is no completion for "${shell}"; there is one for ${known}`);
      }
      io.out(write(command.parent!.commands.map(wordsOf)));
    });
};

/** Subcommands are words after the command's name; all their flags are offered. */
function wordsOf(command: Command): CommandWords {
  const all = [command, ...command.commands].flatMap(({ options }) => options.filter(({ hidden }) => !hidden));
  const options = [...new Map(all.map((option) => [option.long, option])).values()];
  return {
    name: command.name(),
    summary: command.description(),
    options: options.flatMap(({ long, description, required, argChoices }) =>
      long == null ? [] : [{ flag: long, summary: description, takesValue: required, choices: argChoices ?? [] }],
    ),
    // Words listed in the argument's description: `one of preview, platform`.
    words: [
      ...command.commands.map((inner) => inner.name()),
      ...command.registeredArguments.flatMap(
        ({ description }) => /^one of (.*)$/.exec(description)?.[1]?.split(', ') ?? [],
      ),
    ],
  };
}
