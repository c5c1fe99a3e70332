import { compareStrings } from '../core/fileset.ts';
import type { MicroApp } from '../model/micro-app.ts';
import type { PreviewRecord } from '../model/record.ts';

/** By what the costs of previews are summed. */
export const GROUPINGS = ['owner', 'repository', 'team', 'cost-centre'] as const;
export type Grouping = (typeof GROUPINGS)[number];

/** Prices of what runs, in the platform's currency. */
export interface Amounts {
  readonly hour: number;
  readonly day: number;
  /** From the start of each preview to its end. */
  readonly life: number;
  /** 730 hours, if as much runs all the time. */
  readonly month: number;
}

export interface CostRow extends Amounts {
  /** Null where nobody registered it. */
  readonly name: string | null;
  readonly previews: number;
}

export interface CostReport {
  readonly by: Grouping;
  readonly currency: string;
  /** Dates of the rates that the prices rest on, oldest first. */
  readonly ratesAsOf: readonly string[];
  /** The dearest first. */
  readonly rows: readonly CostRow[];
  readonly total: Amounts & { readonly previews: number };
  /** Previews without a price: they are in no row, and not free. */
  readonly unpriced: readonly { readonly name: string; readonly why: string }[];
}

export interface CostInput {
  readonly records: readonly PreviewRecord[];
  /** Folders whose record cannot be read. */
  readonly unreadable: readonly string[];
  /** Registrations by `owner/name` in lower case. */
  readonly apps: ReadonlyMap<string, MicroApp>;
  readonly currency: string;
  readonly by: Grouping;
}

/** Hours of a month, as clouds count them. */
export const MONTH_HOURS = 730;

/** What all live previews cost, by who owns or pays for them. */
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

/** Of prices a day, which are whole ten-thousandths: summed as such, so that no cent is lost on the way. */
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

/** Comma-separated values with a head line; one row a group, amounts in cents of the currency. */
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

/** Quoted; what a spreadsheet would take for a formula begins with an apostrophe. */
function cell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return `"${safe.replaceAll('"', '""')}"`;
}
