/** One way of authentication that a server offers. */
export interface Challenge {
  /** In lower case: `bearer`, `basic`. */
  readonly scheme: string;
  /** Names in lower case. */
  readonly parameters: ReadonlyMap<string, string>;
}

const GAP = /[\s,]*/y;
const TOKEN = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y;
/** Values without quotes should be tokens, but some servers send addresses there. */
const PARAMETER = /([!#$%&'*+.^_`|~0-9A-Za-z-]+)[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^\s",=][^\s",]*))/y;
const TOKEN68 = /[ \t]+[A-Za-z0-9._~+/-]+=*(?=[ \t]*(?:,|$))/y;

/**
 * Parses the challenges of a `WWW-Authenticate` header, also of several headers joined by commas. A syntax error ends
 * the list.
 *
 * Source: RFC 9110, 11.2 to 11.6.1; schemes and names of parameters ignore case.
 */
export function parseChallenges(header: string): Challenge[] {
  const found: { scheme: string; parameters: Map<string, string> }[] = [];
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const match = pattern.exec(header);
    if (match !== null) at = pattern.lastIndex;
    return match;
  };
  while (at < header.length) {
    take(GAP);
    const current = found.at(-1);
    const parameter = current === undefined ? null : take(PARAMETER);
    if (parameter !== null) {
      const [, name = '', quoted, bare = ''] = parameter;
      current?.parameters.set(name.toLowerCase(), quoted?.replace(/\\(.)/g, '$1') ?? bare);
      continue;
    }
    const scheme = take(TOKEN);
    if (scheme === null) break;
    found.push({ scheme: scheme[0].toLowerCase(), parameters: new Map() });
    take(TOKEN68);
  }
  return found;
}
