import { compileShop } from './inputs.ts';
import { interleave, ratio, row, summarize, time } from './measure.ts';

/** Many previews in one process: read, compiled, checked by all rules, written as YAML. */
export async function many(rounds: number): Promise<void> {
  console.log('Many previews in one process, rules included');
  const run = (count: number) => () => {
    for (let n = 1; n <= count; n++) compileShop(n);
  };
  const thousands = async () => Object.values(await interleave({ thousand: () => time(run(1000)) }, rounds));
  const before = await thousands();
  const tenThousand = summarize([await time(run(10_000))]);
  // Measured before and after, in case the machine slows down.
  const thousand = summarize([...before, ...(await thousands())].flatMap(({ min, median, max }) => [min, median, max]));
  row('1,000 previews', thousand);
  row('10,000 previews', tenThousand);
  ratio('seconds for 1,000', thousand.median / 1000, { atMost: 2 });
  ratio('10,000 / 1,000', tenThousand.median / thousand.median, { atMost: 11 });
}
