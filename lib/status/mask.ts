import { looksLikeCredential } from '../model/load/credential.ts';

/** Replaces a line that may contain a credential. */
export const MASKED = '(a line that may contain a credential is not shown)';

/** Names of secret values, or the beginnings of such names, in the languages that logs have. */
const NAME = [
  String.raw`pass|\bpw\b|pwd|pin\b|otp|credentials?|secret|token|jwt|bearer|dsn|sess(?:ion)?[_-]?id|sessid|\bsid\b|\bauth`,
  '[a-z0-9][_-]?key|mnemonic|seed[ _-]?phrase|recovery[ _-]?(?:codes?|phrase)',
  'kennwort|geheim|mot de passe|contrase(?:ñ|n)a|senha|wachtwoord|l(?:ö|o)senord|has(?:ł|l)o|пароль|密码|パスワード|비밀번호',
].join('|');
/** A quote, also an escaped or encoded one. */
const QUOTE = String.raw`(?:\\*["']|%22|%27|&quot;)?`;

/** Forms in which a secret value is written, in addition to those that are checked everywhere. */
const GIVEN: readonly RegExp[] = [
  // `password = x`, `"api_key": "x"`, `token%3Dx`, `('secret', 'x')`
  new RegExp(`(?:${NAME})[\\w-]{0,20}${QUOTE}\\s*(?::|=|%3[ad]|,\\s*["'])\\s*\\S`, 'i'),
  // `password is x`
  /\b(?:pass(?:word|wd|phrase)?|secret|token|pin|key)\s+(?:is|was|->|=>)\s+\S/i,
  // `<password>x</password>`
  /<[\w:-]{0,20}(?:pass|pwd|secret|token|key)[^>]{0,80}>[^<\s]/i,
  // `--password x`, `-u user:x`, `mysql -px`, `redis-cli -a x`
  /--?(?:pass|pwd|secret|token|api[_-]?key)[\w-]{0,20}\s+[^\s-]|\s-u\s+\S+:\S|\bmysql\w*\s(?:.*\s)?-p\S|\bredis-cli\s(?:.*\s)?-a\s/i,
  // Schemes and headers of HTTP
  /\b(?:bearer|basic|digest)\s+[\w.~+/=-]{8,}|\b(?:set-)?cookie["']?\s*[:=]|authorization["']?\s*[:=]/i,
  // `user:x@host`, with or without a scheme
  /\/\/[^\s@/]*:[^\s@/]+@|[\w.-]+:[^\s:@/]{3,}@[\w.-]/,
  // Addresses that are a secret themselves
  /hooks\.slack\.com\/services|discord(?:app)?\.com\/api\/webhooks|[?&](?:key|sig|signature|code)=\S/i,
];

/** The line, or {@link MASKED}. When in doubt it is masked: a hidden line does little harm, a leaked secret a lot. */
export function masked(line: string): string {
  return looksLikeCredential(line) || GIVEN.some((form) => form.test(line)) ? MASKED : line;
}

/** A line that ends before the value that it announces. */
const ANNOUNCED = new RegExp(`(?:${NAME})[\\w-]{0,20}${QUOTE}\\s*[:=]\\s*["'|>]?$`, 'i');

/** All lines, each by itself; also masked is what follows a name without its value, and a whole key in PEM. */
export function maskedLines(lines: readonly string[]): readonly string[] {
  let isInKey = false;
  return lines.map((line, i) => {
    const isStart = line.includes('-----BEGIN');
    isInKey ||= isStart;
    const isHidden = isInKey || ANNOUNCED.test(lines[i - 1] ?? '');
    // An end on the same line, as in JSON, ends it as well.
    if (line.includes('-----END')) isInKey = false;
    return isHidden ? MASKED : masked(line);
  });
}
