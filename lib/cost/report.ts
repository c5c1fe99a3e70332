import { compareStrings } from '../core/fileset.ts';
import type { MicroApp } from '../model/micro-app.ts';
import type { PreviewRecord } from '../model/record.ts';

/** How the costs of previews can be grouped. */
export const GROUPINGS = ['owner', 'repository', 'team', 'cost-centre'] as const;
export type Grouping = (typeof GROUPINGS)[number];

/** Costs of running previews, in the platform's currency. */
export interface Amounts {
  readonly hour: number;
  readonly day: number;
  /** From the start of each preview to its end. */
  readonly life: number;
  /** For 730 hours, if the same previews run all the time. */
  readonly month: number;
}

export interface CostRow extends Amounts {
  /** Null if it is not registered. */
  readonly name: string | null;
  readonly previews: number;
}

export interface CostReport {
  readonly by: Grouping;
  readonly currency: string;
  /** Dates of the rates that were used, oldest first. */
  readonly ratesAsOf: readonly string[];
  /** Most expensive first. */
  readonly rows: readonly CostRow[];
  readonly total: Amounts & { readonly previews: number };
  /** Previews whose price is unknown. They are in no row. */
  readonly unpriced: readonly { readonly name: string; readonly why: string }[];
}

export interface CostInput {
  readonly records: readonly PreviewRecord[];
  /** Folders with an unreadable record. */
  readonly unreadable: readonly string[];
  /** Registrations by `owner/name` in lower case. */
  readonly apps: ReadonlyMap<string, MicroApp>;
  readonly currency: string;
  readonly by: Grouping;
}

/** Hours of a month, as in the price lists of clouds. */
export const MONTH_HOURS = 730;

/** The costs of all live previews, grouped. */
export function costReport({ records, unreadable, apps, currency, by }: CostInput): CostReport {
  const priced = records.filter((record) => record.cost.currency === currency);
  const groups = new Map<string | null, PreviewRecord[]>();
  for (const record of priced) {
    const name = nameIn(record, apps.get(record.identity.repository.toLowerCase()), by);
    groups.set(name, [...(groups.get(name) ?? []), record]);
  }
  const rows = [...groups].map(([name, own]) => ({ name, previews: own.length, ...sum(own) }));
  rows.sort((a, b) => b.day - a.day || compareStrings(a.name ?? '', b.name ?? ''));
  return {
    by,
    currency,
    ratesAsOf: [...new Set(priced.map(({ cost }) => cost.ratesAsOf))].sort(compareStrings),
    rows,
    total: { previews: priced.length, ...sum(priced) },
    unpriced: [
      ...unreadable.map((name) => ({ name, why: 'its record cannot be read' })),
      ...records
        .filter((record) => record.cost.currency !== currency)
        .map(({ name, cost }) => ({ name, why: `it was priced in ${cost.currency}, before the currency changed` })),
    ],
  };
}

function nameIn(record: PreviewRecord, app: MicroApp | undefined, by: Grouping): string | null {
  const { repository } = record.identity;
  if (by === 'repository') return repository;
  if (by === 'team') return app?.team ?? null;
  if (by === 'cost-centre') return app?.costCentre ?? null;
  return app?.owner ?? null;
}

/** Sums prices per day as integers of a ten-thousandth, so that no rounding error adds up. */
function sum(records: readonly PreviewRecord[]): Amounts {
  const units = records.map(({ cost, created, expires }) => {
    const perDay = Math.round(cost.perDay * 10_000);
    return { perDay, life: (perDay * Math.max(0, expires - created)) / 86_400 };
  });
  const perDay = units.reduce((total, unit) => total + unit.perDay, 0);
  const life = units.reduce((total, unit) => total + unit.life, 0);
  const amount = (value: number) => Math.round(value) / 10_000;
  return {
    hour: amount(perDay / 24),
    day: amount(perDay),
    life: amount(life),
    month: amount((perDay / 24) * MONTH_HOURS),
  };
}

/** CSV with a header; one row for each group, amounts with two decimals. */
export function costCsv({ by, currency, rows }: CostReport): string {
  const head = [by, 'previews', 'currency', 'hour', 'day', 'life', 'month'];
  const lines = rows.map(({ name, previews, hour, day, life, month }) => [
    cell(name ?? ''),
    previews,
    currency,
    hour.toFixed(4),
    ...[day, life, month].map((amount) => amount.toFixed(2)),
  ]);
  return [head, ...lines].map((line) => `${line.join(',')}\r\n`).join('');
}

/** Quotes a cell. An apostrophe in front keeps a spreadsheet from running the text as a formula. */
function cell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return `"${safe.replaceAll('"', '""')}"`;
}
