import { Option } from 'commander';
import { systemClock } from '../../core/clock.ts';
import { GreenroomError } from '../../core/errors.ts';
import { EXAMPLE_RATES, monthsIfOld, oldRatesSentence, spotRates } from '../../cost/rates.ts';
import { GROUPINGS, type Grouping, MONTH_HOURS } from '../../cost/report.ts';
import { formatDuration } from '../../model/scalars.ts';
import { costWords } from '../../report/running.ts';
import { money } from '../../report/text.ts';
import type { Configure } from '../shared/command.ts';
import { type CompileFileOptions, compileFile, compileFileOptions } from '../shared/compile-file.ts';
import { type Io, json } from '../shared/io.ts';
import { formatOption, required } from '../shared/options.ts';

type CostFormat = 'text' | 'json' | 'csv';

interface CostOptions extends CompileFileOptions {
  all?: boolean;
  rates?: boolean;
  by: Grouping;
  format: CostFormat;
}

export const configure: Configure = (command, io) => {
  compileFileOptions(formatOption(command, ['text', 'json', 'csv']), '[preview.yaml]')
    .option('--all', 'cost of all live previews in --apps-repo, instead of one file')
    .addOption(new Option('--by <group>', 'with --all: sum by').choices([...GROUPINGS]).default('repository'))
    .option('--rates', 'print example rates of three clouds for greenroom.yaml')
    .addHelpText(
      'after',
      `
Estimates the cost from resource requests and the rates of greenroom.yaml. Traffic is not included.

Examples:
  greenroom cost preview.yaml --platform greenroom.yaml --repo acme/shop --pr 7
  greenroom cost --all --apps-repo acme/previews --by team
  greenroom cost --all --apps-repo acme/previews --by cost-centre --format csv > costs.csv`,
    )
    .action((file: string | undefined, options: CostOptions) => run(file, options, io));
};

async function run(file: string | undefined, options: CostOptions, io: Io): Promise<void> {
  if (options.rates === true) return rates(options.format, io);
  if (options.all === true) {
    if (file !== undefined) throw new GreenroomError('invalid-input', `--all is for every preview; leave out ${file}`);
    const appsRepo = required(options.appsRepo, '--apps-repo', 'acme/previews');
    const { reportAllCosts } = await import('../shared/all-costs.ts');
    return reportAllCosts({ ...options, appsRepo, branch: options.branch }, io);
  }
  if (options.format === 'csv') throw new GreenroomError('invalid-input', '--format csv is for --all');
  return one(required(file, 'a file', 'preview.yaml'), options, io);
}

type Amounts = [hour: number, life: number, month: number];

async function one(file: string, options: CostOptions, io: Io): Promise<void> {
  const { cost, perHour, expires, record } = await compileFile(file, options, io);
  const seconds = expires - record.created;
  const round = (amount: number) => Math.round(amount * 10_000) / 10_000;
  const [hour, life, month] = [1, seconds / 3600, MONTH_HOURS].map((hours) => round(perHour * hours)) as Amounts;
  if (options.format === 'json') {
    io.out(json({ ...cost, perHour: hour, perMonth: month, life: { seconds, amount: life } }));
    return;
  }
  const { currency } = cost;
  const old = oldRatesSentence([cost.ratesAsOf], systemClock());
  if (old !== null) io.err(`${old}\n`);
  io.out(
    `${costWords({ cost })}\nThat is ${money(life, currency)} for its ${formatDuration(seconds)}, and ${money(month, currency)} a month if one like it always ran.\n`,
  );
}

function rates(format: CostFormat, io: Io): void {
  const all = EXAMPLE_RATES.map((each) => ({
    ...each,
    spot: spotRates(each),
    monthsOld: monthsIfOld(each.asOf, systemClock()),
  }));
  if (format === 'json') {
    io.out(json({ currency: 'USD', rates: all }));
    return;
  }
  for (const { cloud, region, asOf, source, cpuHour, memoryGiBHour, storageGiBHour, spot, monthsOld } of all) {
    const old = monthsOld === null ? '' : `; ${monthsOld} months old, so look them up again`;
    io.out(
      `# ${cloud}, ${region}, by ${source}; on spot capacity down to cpuHour ${spot.cpuHour}, memoryGiBHour ${spot.memoryGiBHour}${old}\n`,
    );
    io.out(
      `cost: { rates: { cpuHour: ${cpuHour}, memoryGiBHour: ${memoryGiBHour}, storageGiBHour: ${storageGiBHour}, asOf: "${asOf}" } }\n`,
    );
  }
}
