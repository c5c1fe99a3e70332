import { formatDuration } from '../../model/scalars.ts';
import { costWords } from '../../report/running.ts';
import { money } from '../../report/text.ts';
import type { Configure } from '../shared/command.ts';
import { type CompileFileOptions, compileFile, compileFileOptions } from '../shared/compile-file.ts';
import { type Io, json } from '../shared/io.ts';
import { type Format, formatOption } from '../shared/options.ts';

interface CostOptions extends CompileFileOptions {
  format: Format;
}

export const configure: Configure = (command, io) => {
  compileFileOptions(formatOption(command))
    .addHelpText('after', '\nExample:\n  greenroom cost preview.yaml --platform greenroom.yaml --repo acme/shop --pr 7')
    .action((file: string, options: CostOptions) => run(file, options, io));
};

async function run(file: string, options: CostOptions, io: Io): Promise<void> {
  const { cost, expires, record } = await compileFile(file, options, io);
  const seconds = expires - record.created;
  const life = Math.round(((cost.perDay * seconds) / 86_400) * 10_000) / 10_000;
  if (options.format === 'json') io.out(json({ ...cost, life: { seconds, amount: life } }));
  else io.out(`${costWords({ cost })}\nThat is ${money(life, cost.currency)} for its ${formatDuration(seconds)}.\n`);
}
