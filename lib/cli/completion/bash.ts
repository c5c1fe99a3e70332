import type { CommandWords, Flag, ProgramWords } from './words.ts';

/** Words of flags and files; for bash 3.2 and later, since macOS has nothing newer. */
export function bash({ commands, flags }: ProgramWords): string {
  const names = commands.map(({ name }) => name).join(' ');
  return `# bash completion for greenroom
_greenroom_words() { COMPREPLY=($(compgen -W "$1" -- "$cur")); }
# Names of files may have spaces.
_greenroom_files() { local IFS=$'\\n'; COMPREPLY=($(compgen "$1" -- "$cur")); }
_greenroom() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD-1]}" flags="" words="" files="" closed="" word
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    _greenroom_words "${names} ${namesOf(flags)}"
    return
  fi
  # bash splits --flag=value into three words.
  if [ "$cur" = "=" ]; then cur=""; elif [ "$prev" = "=" ]; then prev="\${COMP_WORDS[COMP_CWORD-2]}"; fi
  case "\${COMP_WORDS[1]}" in
${commands.map(caseOf).join('')}  esac
  case "$cur" in
    -*) _greenroom_words "$flags"; return ;;
  esac
  for word in "\${COMP_WORDS[@]:2:COMP_CWORD-2}"; do
    case " $words " in *" $word "*) words="" ;; esac
  done
  if [ -n "$files" ] && { [ -z "$words" ] || [ -z "$closed" ]; }; then _greenroom_files -f; fi
  if [ -n "$words" ]; then COMPREPLY+=($(compgen -W "$words" -- "$cur")); fi
}
complete -o filenames -F _greenroom greenroom
`;
}

function caseOf({ name, flags, words, isClosed, takesFiles }: CommandWords): string {
  const values = flags.flatMap(({ name: flag, value }) => {
    if (value === null) return [];
    const { kind } = value;
    const offer =
      kind === 'words'
        ? `_greenroom_words "${value.words.join(' ')}"; `
        : kind === 'text'
          ? ''
          : `_greenroom_files ${kind === 'files' ? '-f' : '-d'}; `;
    return [`        ${flag}) ${offer}return ;;\n`];
  });
  const previous = values.length === 0 ? '' : `      case "$prev" in\n${values.join('')}      esac\n`;
  return `    ${name})\n${previous}      flags="${namesOf(flags)}" words="${words.join(' ')}" files="${takesFiles ? 'yes' : ''}" closed="${isClosed ? 'yes' : ''}" ;;\n`;
}

function namesOf(flags: readonly Flag[]): string {
  return flags.flatMap(({ name, short }) => (short === undefined ? [name] : [name, short])).join(' ');
}
