/** Foreign text in Markdown as a code span: no mention, image, link, HTML or marker works inside one. */
export function code(text: string): string {
  const line = withoutMarkers(printable(text));
  if (line === '') return '` `';
  const longest = Math.max(0, ...[...line.matchAll(/`+/g)].map((run) => run[0].length));
  const fence = '`'.repeat(longest + 1);
  const pad = /^[` ]|[` ]$/.test(line) ? ' ' : '';
  return `${fence}${pad}${line}${pad}${fence}`;
}

/** A sentence of ours that may quote foreign text: reads the same, but nothing in it is Markdown, HTML or a mention. */
export function sentence(text: string): string {
  return (
    printable(text)
      .replace(/&/g, '&amp;')
      // Before the escapes: of `@_` they would make `@\_`, which reads as `@_` again.
      .replace(/([@#])(?=\w)/g, '$1\u2060')
      .replace(/[\\`*_{}[\]()<>|~!^]/g, '\\$&')
      // Not `\$`: a forge looks for formulas before it looks at escapes.
      .replace(/\$/g, '&#36;')
      .replace(/(:(?=\/\/)|www(?=\.)|\bgh(?=-\d))/gi, '$1\u2060')
      // What would open a heading, a list, a rule or a command, were it the first on its line.
      .replace(/^([#+=:/-]|\d+(?=[.)\\]))/, '\u2060$1')
  );
}

/** One line without control, direction or invisible characters, and of a length that no reader minds. */
export function printable(text: string, max = 300): string {
  const line = text
    .replace(/\s+/g, ' ')
    .replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Co}]/gu, '')
    .trim();
  return line.length > max ? `${line.slice(0, max - 1).toWellFormed()}…` : line;
}

/** Foreign text that reads the same and is none of the marks that we know our own texts by. */
export function withoutMarkers(text: string): string {
  return text.replace(/<(?=!--)/g, '<\u2060');
}

/** `a1b2c3d` */
export function shortSha(sha: string): string {
  return sha.slice(0, 7);
}

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `Fri 6 Nov 17:00 UTC`, from unix seconds; the same words in every locale. */
export function dayAndTime(unixSeconds: number): string {
  const d = new Date(unixSeconds * 1000);
  return `${DAYS[d.getUTCDay()]} ${d.getUTCDate()} ${MONTHS[d.getUTCMonth()]} ${clockTime(d)}`;
}

/** `today 17:00 UTC`, `tomorrow 17:00 UTC`, and {@link dayAndTime} for what is further away. */
export function nearTime(unixSeconds: number, now: number): string {
  const days = Math.floor(unixSeconds / DAY) - Math.floor(now / DAY);
  const word = days === 0 ? 'today' : days === 1 ? 'tomorrow' : undefined;
  return word === undefined ? dayAndTime(unixSeconds) : `${word} ${clockTime(new Date(unixSeconds * 1000))}`;
}

function clockTime(d: Date): string {
  const two = (n: number) => String(n).padStart(2, '0');
  return `${two(d.getUTCHours())}:${two(d.getUTCMinutes())} UTC`;
}

const DAY = 86_400;

/** `3 days`, `5 hours`, `20 minutes`: one unit, rounded, never nothing. */
export function roughDuration(seconds: number): string {
  const [size, unit] = seconds >= 1.5 * DAY ? [DAY, 'day'] : seconds >= 5400 ? [3600, 'hour'] : [60, 'minute'];
  return count(Math.max(1, Math.round(seconds / Number(size))), String(unit));
}

const SIGNS: Readonly<Record<string, string>> = { USD: '$', EUR: '€', GBP: '£' };

/** `$0.30`, `CHF 0.30`; what is not nothing but less than a cent is `under $0.01`. */
export function money(amount: number, currency: string): string {
  const unit = SIGNS[currency] ?? `${currency} `;
  return amount > 0 && amount < 0.005 ? `under ${unit}0.01` : `${unit}${amount.toFixed(2)}`;
}

/** `about $0.30`; what is under a cent is said to be that, and not about that. */
export function about(amount: number, currency: string): string {
  const text = money(amount, currency);
  return text.startsWith('under') ? text : `about ${text}`;
}

/** `1 thing`, `2 things` */
export function count(n: number, one: string, many = `${one}s`): string {
  return `${n} ${n === 1 ? one : many}`;
}

/** `1st`, `2nd`, `3rd`, `11th` */
export function ordinal(n: number): string {
  const ending = n % 100 >= 11 && n % 100 <= 13 ? 'th' : (['th', 'st', 'nd', 'rd'][n % 10] ?? 'th');
  return `${n}${ending}`;
}
