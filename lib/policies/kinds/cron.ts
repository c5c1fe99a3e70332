const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

/** The parts of a schedule: minute, hour, day of the month, month, day of the week. */
const PARTS: readonly (readonly [low: number, high: number, names: readonly string[]])[] = [
  [0, 59, []],
  [0, 23, []],
  [1, 31, []],
  [1, 12, MONTHS],
  [0, 6, DAYS],
];

/**
 * Whether a CronJob's schedule is one that Kubernetes reads.
 *
 * Source: ParseStandard of github.com/robfig/cron/v3, which Kubernetes uses; time zones in it are refused
 */
export function isSchedule(text: string): boolean {
  if (/^@(yearly|annually|monthly|weekly|daily|midnight|hourly)$/.test(text)) return true;
  if (/^@every ([0-9.]+(ns|us|ms|s|m|h))+$/.test(text)) return true;
  const parts = text.trim().split(/\s+/);
  return parts.length === PARTS.length && parts.every((part, i) => part.split(',').every((range) => isRange(range, i)));
}

function isRange(text: string, part: number): boolean {
  const [low, high, names] = PARTS[part]!;
  const [range = '', step, ...more] = text.split('/');
  if (more.length > 0 || (step !== undefined && !/^[1-9][0-9]*$/.test(step))) return false;
  if (range === '*' || range === '?') return true;
  const ends = range.split('-').map((end) => {
    const named = names.indexOf(end.toLowerCase());
    if (named >= 0) return named + (names === MONTHS ? 1 : 0);
    return /^[0-9]+$/.test(end) ? Number(end) : Number.NaN;
  });
  const [from = Number.NaN, to = from] = ends;
  return ends.length <= 2 && from >= low && to <= high && from <= to;
}
