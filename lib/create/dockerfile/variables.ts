/** Values by name. */
export type Variables = ReadonlyMap<string, string>;

const REFERENCE = /\\\$|\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)(?::?([-+])([^}]*))?\})/g;

/** Replaces the variables in a text like the builder; null if one is not known. */
export function filled(text: string, variables: Variables): string | null {
  let isKnown = true;
  const result = text.replace(REFERENCE, (whole, plain?: string, braced?: string, sign?: string, word = '') => {
    if (whole === '\\$') return '$';
    const value = variables.get((plain ?? braced)!);
    if (sign === '-') return value || word;
    if (sign === '+') return value ? word : '';
    if (value === undefined) isKnown = false;
    return value ?? '';
  });
  return isKnown ? result : null;
}

/** The assignments of `ENV` and `ARG`: `A=b C="d e"`, or the older `A b`. A value is null if it is not given. */
export function assignments(rest: string): readonly (readonly [name: string, value: string | null])[] {
  const older = /^([A-Za-z_]\w*)\s+([^=]*)$/.exec(rest);
  if (older !== null && !/^[A-Za-z_]\w*=/.test(rest)) return [[older[1]!, older[2]!.trim()]];
  return [...rest.matchAll(/([A-Za-z_]\w*)(?:=("(?:[^"\\]|\\.)*"|'[^']*'|(?:\\.|[^\s"'])*))?/g)].map(
    ([, name, value]) => [name!, value === undefined ? null : value.replace(/^(["'])([\s\S]*)\1$/, '$2')] as const,
  );
}
