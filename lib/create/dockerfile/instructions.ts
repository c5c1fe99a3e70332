/** One instruction of a Dockerfile, with its lines joined. */
export interface Instruction {
  /** Upper case. */
  readonly name: string;
  readonly rest: string;
}

const HEREDOC = /<<-?\s*(["']?)([A-Za-z_][A-Za-z0-9_]*)\1/g;
/** Instructions that may have a heredoc; elsewhere the same characters are plain text. */
const WITH_HEREDOC = ['RUN', 'COPY', 'ADD'];

/**
 * Parses the instructions of a Dockerfile like the builder: with comments between continued lines, `# escape=` and
 * heredocs. The bodies of heredocs are skipped, since they are not instructions.
 *
 * @see https://docs.docker.com/reference/dockerfile/
 */
export function instructionsOf(text: string): readonly Instruction[] {
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  const continues = /^#\s*escape\s*=\s*`\s*$/im.test(directives(lines)) ? '`' : '\\';
  const found: Instruction[] = [];
  for (let at = 0; at < lines.length; ) {
    let joined = '';
    let isContinued = true;
    while (isContinued && at < lines.length) {
      const line = lines[at++]!.trim();
      if (line === '' || line.startsWith('#')) {
        // An empty line or a comment does not end a continued line.
        isContinued = joined !== '';
        continue;
      }
      isContinued = line.endsWith(continues);
      joined += `${isContinued ? line.slice(0, -1) : line} `;
    }
    const [, name = '', rest = ''] = /^(\S+)\s*([\s\S]*)$/.exec(joined.trim()) ?? [];
    if (name === '') continue;
    found.push({ name: name.toUpperCase(), rest: rest.trim() });
    if (WITH_HEREDOC.includes(name.toUpperCase())) at = afterHeredocs(lines, at, rest);
  }
  return found;
}

/** Comments at the very top, where the builder reads its directives. */
function directives(lines: readonly string[]): string {
  const end = lines.findIndex((line) => !line.startsWith('#'));
  return lines.slice(0, end < 0 ? lines.length : end).join('\n');
}

function afterHeredocs(lines: readonly string[], from: number, rest: string): number {
  let at = from;
  for (const [, , word] of rest.matchAll(HEREDOC)) {
    const end = lines.findIndex((line, i) => i >= at && line.trim() === word);
    if (end < 0) return at;
    at = end + 1;
  }
  return at;
}
