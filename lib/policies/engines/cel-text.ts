/**
 * A CEL literal for plain data. Every member is wrapped in `dyn()`, since Kubernetes refuses lists and maps with
 * members of different types.
 *
 * @throws TypeError for values that JSON cannot represent
 */
export function celLiteral(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value);
    case 'boolean':
      return String(value);
    case 'number':
      if (!Number.isFinite(value)) throw new TypeError(`CEL has no literal for ${value}`);
      return Number.isInteger(value) ? BigInt(value).toString() : String(value);
    case 'object':
      if (value === null) return 'null';
      if (Array.isArray(value)) return `[${value.map((item) => `dyn(${celLiteral(item)})`).join(', ')}]`;
      return `{${Object.entries(value)
        .filter(([, member]) => member !== undefined)
        .map(([key, member]) => `${JSON.stringify(key)}: dyn(${celLiteral(member)})`)
        .join(', ')}}`;
    default:
      throw new TypeError(`CEL has no literal for a ${typeof value}`);
  }
}

// Strings and comments first, so that names inside them do not match; then names with the selector before them.
const TOKEN =
  /(?:[rR][bB]?|[bB][rR])(?:"""[\s\S]*?"""|'''[\s\S]*?'''|"[^"\n]*"|'[^'\n]*')|"""(?:\\[\s\S]|[\s\S])*?"""|'''(?:\\[\s\S]|[\s\S])*?'''|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|\/\/[^\n]*|(?:\.\s*\??\s*)?[A-Za-z_][A-Za-z0-9_]*/g;

/** Replaces every use of the variable `name`. Selections (`x.name`), strings and comments are unchanged. */
export function renameVariable(expression: string, name: string, replacement: string): string {
  return expression.replace(TOKEN, (token) => (token === name ? replacement : token));
}

/** Whether the expression uses the variable `name`. */
export function usesVariable(expression: string, name: string): boolean {
  return [...expression.matchAll(TOKEN)].some(([token]) => token === name);
}

/** Changes the content of string literals with escapes. Raw strings, which have none, are unchanged. */
export function mapStrings(expression: string, change: (text: string) => string): string {
  return expression.replace(TOKEN, (token) => (/^["']/.test(token) ? change(token) : token));
}
