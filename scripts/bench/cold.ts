import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { judge } from '../../test/conformance/judges.ts';
import { rendered, root } from './inputs.ts';
import { interleave, ratio, row, timeCommand } from './measure.ts';

/** One preview, from process start to files, compared with other programs that people use for it. */
export async function cold(rounds: number): Promise<void> {
  console.log('One preview, cold process, spec to YAML');
  const folder = mkdtempSync(join(tmpdir(), 'greenroom-bench-'));
  try {
    const helm = await judge('helm');
    const chart = comparableChart(folder);
    const render = [
      'render',
      'previews/shop/preview.yaml',
      '--platform',
      'previews/greenroom.yaml',
      '--repo',
      'acme/shop',
      '--pr',
      '7',
    ];
    const node =
      (...args: string[]) =>
      () =>
        timeCommand({ program: process.execPath, args, cwd: root });
    const times = await interleave(
      {
        node: node('-e', '0'),
        greenroom: node('bin/greenroom.cjs', ...render),
        helm: () => timeCommand({ program: helm, args: ['template', 'shop', chart], cwd: folder }),
        cdk8s: node('node_modules/cdk8s-cli/bin/cdk8s', 'synth', '--output', join(folder, 'out')),
      },
      rounds,
    );
    row('node -e 0', times.node!);
    row('greenroom render', times.greenroom!);
    row('helm template, a chart of the same objects', times.helm!);
    row('cdk8s synth, the example previews', times.cdk8s!);
    ratio('greenroom / node -e 0', times.greenroom!.median / times.node!.median, { atMost: 2 });
    ratio('cdk8s synth / greenroom', times.cdk8s!.median / times.greenroom!.median, { atLeast: 5 });
    console.log(
      `  = helm template / greenroom                  ${(times.helm!.median / times.greenroom!.median).toFixed(2)}x`,
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A Helm chart whose templates are the files that greenroom writes, with name and image as values. */
export function comparableChart(folder: string): string {
  const chart = join(folder, 'chart');
  mkdirSync(join(chart, 'templates'), { recursive: true });
  writeFileSync(join(chart, 'Chart.yaml'), 'apiVersion: v2\nname: preview\nversion: 1.0.0\n');
  const { name, image, files } = rendered();
  writeFileSync(join(chart, 'values.yaml'), `name: ${name}\nimage: ${image}\n`);
  for (const [path, text] of files) {
    if (!path.endsWith('.yaml')) continue;
    const template = text.replaceAll(image, '{{ .Values.image }}').replaceAll(name, '{{ .Values.name }}');
    writeFileSync(join(chart, 'templates', basename(path)), template);
  }
  return chart;
}
