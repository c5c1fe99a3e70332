import { GreenroomError } from '../../core/errors.ts';
import { SHELLS } from '../completion/shells.ts';
import { programWords } from '../completion/words.ts';
import type { Configure } from '../shared/command.ts';

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
      io.out(write(programWords(command.parent!)));
    });
};
