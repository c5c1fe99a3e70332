/** Words that can follow a command's name. */
export interface CommandWords {
  readonly name: string;
  readonly summary: string;
  readonly options: readonly {
    /** With its dashes. */
    readonly flag: string;
    readonly summary: string;
    readonly takesValue: boolean;
    readonly choices: readonly string[];
  }[];
  /** Possible words for its first argument; empty if that is a file. */
  readonly words: readonly string[];
}

/** Completion scripts by shell. A script contains the commands of the version that wrote it, and runs nothing. */
export const SHELLS: Readonly<Record<string, (commands: readonly CommandWords[]) => string>> = { bash, zsh, fish };

function bash(commands: readonly CommandWords[]): string {
  const cases = commands.map(({ name, options, words }) => {
    const values = options
      .filter(({ choices }) => choices.length > 0)
      .map(
        ({ flag, choices }) =>
          `        ${flag}) COMPREPLY=($(compgen -W "${choices.join(' ')}" -- "$cur")); return ;;\n`,
      );
    const files = options.filter(({ takesValue }) => takesValue).map(({ flag }) => flag);
    const previous = `      case "$prev" in\n${values.join('')}        ${files.join('|') || "''"}) COMPREPLY=($(compgen -f -- "$cur")); return ;;\n      esac\n`;
    const flags = options.map(({ flag }) => flag).join(' ');
    return `    ${name})\n${previous}      flags="${flags}" words="${words.join(' ')}" ;;\n`;
  });
  return `# bash completion for greenroom
_greenroom() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD-1]}" flags="" words=""
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "${commands.map(({ name }) => name).join(' ')}" -- "$cur"))
    return
  fi
  case "\${COMP_WORDS[1]}" in
${cases.join('')}  esac
  case "$cur" in
    -*) COMPREPLY=($(compgen -W "$flags" -- "$cur")) ;;
    *)
      if [ -n "$words" ]; then COMPREPLY=($(compgen -W "$words" -- "$cur")); else COMPREPLY=($(compgen -f -- "$cur")); fi ;;
  esac
}
complete -o filenames -F _greenroom greenroom
`;
}

function zsh(commands: readonly CommandWords[]): string {
  const text = (words: string) =>
    words
      .replace(/[[\]:'"\\`$]/g, ' ')
      .replace(/\s+/g, ' ')
      .trim();
  const cases = commands.map(({ name, options, words }) => {
    const lines = options.map(({ flag, summary, takesValue, choices }) => {
      const value = choices.length > 0 ? `:value:(${choices.join(' ')})` : takesValue ? ':value:_files' : '';
      return `        '${flag}[${text(summary)}]${value}'`;
    });
    const rest = words.length > 0 ? `'1:argument:(${words.join(' ')})'` : "'*:file:_files'";
    return `      ${name})\n        _arguments \\\n${[...lines, `        ${rest}`].join(' \\\n')} ;;\n`;
  });
  const names = commands.map(({ name, summary }) => `    '${name}:${text(summary)}'`).join('\n');
  return `#compdef greenroom
_greenroom() {
  local -a commands
  commands=(
${names}
  )
  if (( CURRENT == 2 )); then
    _describe 'command' commands
    return
  fi
  local command="\${words[2]}"
  shift words
  (( CURRENT-- ))
  case "$command" in
${cases.join('')}  esac
}
if [ "$funcstack[1]" = "_greenroom" ]; then _greenroom "$@"; else compdef _greenroom greenroom; fi
`;
}

function fish(commands: readonly CommandWords[]): string {
  const quote = (text: string) => `'${text.replace(/[\\']/g, '\\$&')}'`;
  const lines = commands.flatMap(({ name, summary, options, words }) => {
    const on = `complete -c greenroom -n ${quote(`__fish_seen_subcommand_from ${name}`)}`;
    return [
      `complete -c greenroom -f -n __fish_use_subcommand -a ${name} -d ${quote(summary)}`,
      ...(words.length > 0 ? [`${on} -f -a ${quote(words.join(' '))}`] : []),
      ...options.map(({ flag, summary: about, takesValue, choices }) => {
        const value = choices.length > 0 ? ` -x -a ${quote(choices.join(' '))}` : takesValue ? ' -r -F' : '';
        return `${on} -l ${flag.slice(2)}${value} -d ${quote(about)}`;
      }),
    ];
  });
  return `# fish completion for greenroom\n${lines.map((line) => `${line}\n`).join('')}`;
}
