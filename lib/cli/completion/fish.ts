import type { CommandWords, Flag, ProgramWords } from './words.ts';

export function fish({ commands, flags }: ProgramWords): string {
  const lines = commands.flatMap((command) => [
    `complete -c greenroom -n __greenroom_no_command -a ${command.name} -d ${quote(command.summary)}`,
    ...linesOf(command),
  ]);
  return `# fish completion for greenroom
function __greenroom_no_command
    test (count (commandline -opc)) -eq 1
end
# Not fish's own function, which would take the check of "secrets check" for the command.
function __greenroom_command
    set -l words (commandline -opc)
    test (count $words) -gt 1; and test "$words[2]" = $argv[1]
end
function __greenroom_first
    __greenroom_command $argv[1]; or return 1
    for word in (commandline -opc)[3..-1]
        contains -- $word $argv[2..-1]; and return 1
    end
end
complete -c greenroom -f
${flags.map((flag) => `${flagLine('__greenroom_no_command', flag)}\n`).join('')}${lines.map((line) => `${line}\n`).join('')}`;
}

function linesOf({ name, flags, words, isClosed, takesFiles }: CommandWords): string[] {
  const isCommand = `__greenroom_command ${name}`;
  const isFirst = `__greenroom_first ${name} ${words.join(' ')}`;
  const hasFiles = isClosed ? `${isCommand}; and not ${isFirst}` : isCommand;
  const offer = `complete -c greenroom -n ${quote(isFirst)} -a ${quote(words.join(' '))}`;
  return [
    ...(takesFiles ? [`complete -c greenroom -n ${quote(hasFiles)} -F`] : []),
    ...(words.length === 0 ? [] : [offer]),
    ...flags.map((flag) => flagLine(isCommand, flag)),
  ];
}

function flagLine(condition: string, { name, short, summary, value }: Flag): string {
  const names = `-l ${name.slice(2)}${short === undefined ? '' : ` -s ${short.slice(1)}`}`;
  const after = value === null ? '' : VALUES[value.kind](value.words);
  return `complete -c greenroom -n ${quote(condition)} ${names}${after} -d ${quote(summary)}`;
}

const VALUES = {
  words: (words: readonly string[]) => ` -x -a ${quote(words.join(' '))}`,
  files: () => ' -r -F',
  folders: () => " -x -a '(__fish_complete_directories)'",
  text: () => ' -x',
};

function quote(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`;
}
