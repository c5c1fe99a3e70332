import { systemClock } from '../../core/clock.ts';
import { formatProblem } from '../../core/errors.ts';
import { oldRatesSentence } from '../../cost/rates.ts';
import { type CostReport, costCsv, costReport, type Grouping } from '../../cost/report.ts';
import { RECORD_FILE, RECORDS_GLOB } from '../../model/layout.ts';
import { MICRO_APPS_GLOB } from '../../model/micro-app.ts';
import { parseRecord } from '../../model/record.ts';
import { Registrations } from '../../model/registrations.ts';
import { count, money } from '../../report/text.ts';
import { openAppsRepo } from './clients.ts';
import type { ExtensionOptions } from './extensions.ts';
import { type Io, json } from './io.ts';
import { findPlatform } from './platform.ts';
import { tableText } from './table.ts';

export interface AllCostsOptions extends ExtensionOptions {
  readonly appsRepo: string;
  readonly branch?: string | undefined;
  readonly by: Grouping;
  readonly format: 'text' | 'json' | 'csv';
}

/** Reports the costs of all live previews of an apps repo. */
export async function reportAllCosts(
  { appsRepo, branch, extension, by, format }: AllCostsOptions,
  io: Io,
): Promise<void> {
  const place = { appsRepo, extension, ...(branch !== undefined && { branch }) };
  const { currency } = (await findPlatform(place, [], systemClock(), io))!.platform.cost;
  const repo = await openAppsRepo({ appsRepo, branch }, io);
  try {
    const { files } = await repo.read([RECORDS_GLOB, MICRO_APPS_GLOB]);
    const found = [...files].filter(([path]) => path.endsWith(`/${RECORD_FILE}`));
    const parsed = found.map(([path, record]) => ({ path, record: parseRecord(record) }));
    const registered = new Registrations(files);
    for (const problem of registered.problems) io.err(`greenroom: registration ignored: ${formatProblem(problem)}\n`);
    const report = costReport({
      records: parsed.flatMap(({ record }) => record ?? []),
      unreadable: parsed.filter(({ record }) => !record).map(({ path }) => path.split('/').at(-2)!),
      apps: registered.apps,
      currency,
      by,
    });
    if (format === 'json') io.out(json(report));
    else if (format === 'csv') io.out(costCsv(report));
    else io.out(table(report));
    const old = oldRatesSentence(report.ratesAsOf, systemClock());
    if (format !== 'json' && old !== null) io.err(`${old}\n`);
    if (format === 'csv') for (const line of unpricedLines(report)) io.err(`${line}\n`);
  } finally {
    await repo.close();
  }
}

function table(report: CostReport): string {
  const { rows, total, currency, ratesAsOf, unpriced } = report;
  const missing = unpriced.length === 0 ? '' : `, ${unpriced.length} without a price`;
  const rates = ratesAsOf.length === 0 ? '' : `, rates of ${ratesAsOf.join(' and ')}`;
  const head = `${count(total.previews, 'preview')}${missing}; by what they ask for${rates}; traffic not included\n`;
  const amounts = (row: { hour: number; day: number; life: number; month: number }) =>
    [row.day, row.life, row.month].map((amount) => money(amount, currency));
  const lines = [
    [report.by, 'previews', 'a day', 'whole life', 'a month of it'],
    ...rows.map((row) => [row.name ?? '(not registered)', String(row.previews), ...amounts(row)]),
    ['total', String(total.previews), ...amounts(total)],
  ];
  const body = tableText(lines, (column) => column > 0);
  return [`${head}${body}`, ...unpricedLines(report).map((line) => `${line}\n`)].join('');
}

function unpricedLines({ unpriced }: CostReport): string[] {
  return unpriced.map(({ name, why }) => `without a price: ${name}, ${why}`);
}
