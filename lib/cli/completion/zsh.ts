import type { CommandWords, Flag, ProgramWords } from './words.ts';

export function zsh({ commands, flags }: ProgramWords): string {
  const names = commands.map(({ name, summary }) => `    '${name}:${plain(summary)}'`).join('\n');
  return `#compdef greenroom
_greenroom() {
  local -a commands
  commands=(
${names}
  )
  if (( CURRENT == 2 )); then
    if [[ "$words[2]" == -* ]]; then
      _arguments ${flags.flatMap(specs).join(' ')}
    else
      _describe 'command' commands
    fi
    return
  fi
  local command="\${words[2]}"
  shift words
  (( CURRENT-- ))
  case "$command" in
${commands.map(caseOf).join('')}  esac
}
if [ "$funcstack[1]" = "_greenroom" ]; then _greenroom "$@"; else compdef _greenroom greenroom; fi
`;
}

function caseOf({ name, flags, words, isClosed, takesFiles }: CommandWords): string {
  const list = `argument:(${words.join(' ')})`;
  const first = isClosed || !takesFiles ? `1:${list}` : `1:argument:_alternative "words:${list}" "files:file:_files"`;
  const rest = [...(words.length === 0 ? [] : [`'${first}'`]), ...(takesFiles ? ["'*:file:_files'"] : [])];
  const lines = [...flags.flatMap(specs), ...rest].map((line) => ` \\\n          ${line}`);
  return `      ${name})\n        _arguments -s${lines.join('')} ;;\n`;
}

/** One for each name of a flag; a repeatable one begins with a star, and the names of another exclude each other. */
function specs({ name, short, summary, value, isRepeatable }: Flag): string[] {
  const names = short === undefined ? [name] : [name, short];
  const before = isRepeatable ? '*' : names.length > 1 ? `(${names.join(' ')})` : '';
  const after = value === null ? '' : `:value:${ACTIONS[value.kind](value.words)}`;
  // After "=", or as the next word.
  const equals = (each: string) => (value !== null && each.startsWith('--') ? '=' : '');
  return names.map((each) => `'${before}${each}${equals(each)}[${plain(summary)}]${after}'`);
}

const ACTIONS = {
  words: (words: readonly string[]) => `(${words.join(' ')})`,
  files: () => '_files',
  folders: () => '_files -/',
  text: () => ' ',
};

/** Without the characters that have a meaning in such a text. */
function plain(words: string): string {
  return words
    .replace(/[[\]:'"\\`$]/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
}
