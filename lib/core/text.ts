// Plain text for people, the same on every machine and in every locale. For Markdown see lib/report.

/** One line of limited length, without control, direction or invisible characters. */
export function printable(text: string, max = 300): string {
  const line = text
    .replace(/\s+/g, ' ')
    .replace(
      /(?![\ufe00-\ufe0f])[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Noncharacter_Code_Point}\p{Default_Ignorable_Code_Point}]/gu,
      '',
    )
    .trim();
  return line.length > max ? `${line.slice(0, max - 1).toWellFormed()}…` : line;
}

/** `U+202E` */
export function codePointName(character: string): string {
  return `U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}`;
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

/** `3 days`, `5 hours`, `20 minutes`: one unit, rounded, at least 1. */
export function roughDuration(seconds: number): string {
  const [size, unit] = seconds >= 1.5 * DAY ? [DAY, 'day'] : seconds >= 5400 ? [3600, 'hour'] : [60, 'minute'];
  return count(Math.max(1, Math.round(seconds / Number(size))), String(unit));
}

/** `1 thing`, `2 things` */
export function count(n: number, one: string, many = `${one}s`): string {
  return `${n} ${n === 1 ? one : many}`;
}
