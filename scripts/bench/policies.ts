import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { PREVIEW_LABEL } from '../../lib/model/labels.ts';
import { createChecker } from '../../lib/policies/checker.ts';
import { compileOptions, compilePolicies, policyFiles } from '../../lib/policies/engines/index.ts';
import { ruleParams } from '../../lib/policies/params.ts';
import { judge } from '../../test/conformance/judges.ts';
import { comparableChart } from './cold.ts';
import { compileShop, platform, root } from './inputs.ts';
import { interleave, ratio, row, time, timeCommand } from './measure.ts';

const PREVIEWS = 1000;
/** Previews that Kyverno evaluates in one call: enough that its start takes a small part of the time. */
const SAMPLE = 10;

/** All rules over many objects, and one preview from spec to verdict, compared with Kyverno and the same rules. */
export async function policies(rounds: number): Promise<void> {
  console.log('All rules, beside kyverno apply with the same rules');
  const folder = mkdtempSync(join(tmpdir(), 'greenroom-bench-'));
  try {
    const [kyverno, helm] = await Promise.all([judge('kyverno'), judge('helm')]);
    const policyFolder = writePolicies(folder);
    const previews = Array.from({ length: PREVIEWS }, (_, i) => appObjects(i + 1));
    const objects = previews.flat();
    const sample = join(folder, 'sample.yaml');
    writeFileSync(
      sample,
      previews
        .slice(0, SAMPLE)
        .flatMap((texts) => texts.map(({ text }) => `---\n${text}`))
        .join(''),
    );
    const sampled = previews.slice(0, SAMPLE).flat().length;

    const values = writeValues(folder);
    const kyvernoArgs = (resource: string) => ['apply', policyFolder, '--resource', resource, '--values-file', values];
    const checker = createChecker({ params: ruleParams(platform) });
    const ours = () =>
      time(() => {
        for (const { object, namespaceObject } of objects) {
          const refused = checker.check(object, { namespaceObject });
          if (refused.length > 0) throw new Error(refused[0]!.message);
        }
      });
    const theirs = () => timeCommand({ program: kyverno, args: kyvernoArgs(sample), codes: [0, 1] });
    const bulk = await interleave({ ours, theirs }, Math.min(rounds, 3));
    row(`greenroom, ${objects.length} objects`, bulk.ours!);
    row(`kyverno apply, ${sampled} objects`, bulk.theirs!);
    const perSecond = (count: number, ms: number) => (count / ms) * 1000;
    const factor = perSecond(objects.length, bulk.ours!.median) / perSecond(sampled, bulk.theirs!.median);
    ratio('objects a second, greenroom / kyverno', factor, { atLeast: 20 });

    const chart = comparableChart(folder);
    const render = 'render previews/shop/preview.yaml --platform previews/greenroom.yaml --repo acme/shop --pr 7'.split(
      ' ',
    );
    const piped = `"${helm}" template shop "${chart}" > "${folder}/one.yaml" && "${kyverno}" ${kyvernoArgs(join(folder, 'one.yaml')).join(' ')} > "${folder}/verdict"; test $? -le 1`;
    const cold = await interleave(
      {
        ours: () => timeCommand({ program: process.execPath, args: ['bin/greenroom.cjs', ...render], cwd: root }),
        theirs: () => timeCommand({ program: 'sh', args: ['-c', piped] }),
      },
      Math.min(rounds, 5),
    );
    row('greenroom render, cold, spec to verdict', cold.ours!);
    row('helm template | kyverno apply', cold.theirs!);
    ratio('helm and kyverno / greenroom', cold.theirs!.median / cold.ours!.median, { atLeast: 5 });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Rendered {
  readonly text: string;
  readonly object: unknown;
  readonly namespaceObject: unknown;
}

function appObjects(number: number): Rendered[] {
  const files = [...compileShop(number).files];
  const namespaceObject = parse(files.find(([path]) => path.includes('/fence/namespace.'))![1]);
  return files
    .filter(([path]) => path.includes('/app/'))
    .map(([, text]) => ({ text, object: parse(text), namespaceObject }));
}

/**
 * Kyverno's command line does not see a cluster, so it gets the labels of the previews' namespaces from a file. It takes no
 * annotations: the rule own-secrets refuses, with exit code 1, but is evaluated too.
 */
function writeValues(folder: string): string {
  const file = join(folder, 'values.yaml');
  const namespaceSelector = Array.from({ length: SAMPLE }, (_, i) => {
    const name = `pr-shop-${i + 1}`;
    return { name, labels: { [PREVIEW_LABEL]: name } };
  });
  const metadata = { name: 'values' };
  writeFileSync(
    file,
    JSON.stringify({ apiVersion: 'cli.kyverno.io/v1alpha1', kind: 'Values', metadata, namespaceSelector }),
  );
  return file;
}

function writePolicies(folder: string): string {
  const target = join(folder, 'policies');
  mkdirSync(target);
  for (const [path, text] of policyFiles(compilePolicies(compileOptions(platform, 'kyverno')))) {
    if (path.startsWith('validatingpolicy.')) writeFileSync(join(target, path), text);
  }
  return target;
}
