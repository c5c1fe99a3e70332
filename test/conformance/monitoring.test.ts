import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { configuration, laidDown } from './generated/configurations.ts';
import { judge } from './judges.ts';
import { run } from './run.ts';

// Prometheus' own program judges the rules that `init` lays down, and tries alerts on series of a day.

let folder: string;
let promtool: string;
beforeAll(async () => {
  promtool = await judge('promtool');
  folder = mkdtempSync(join(tmpdir(), 'greenroom-rules-'));
  const files = laidDown(configuration({ status: { monitoring: true } }));
  writeFileSync(join(folder, 'rules.yaml'), files.get('monitoring/prometheus-rules.yaml')!);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('the rules are valid', async () => {
  expect(await run(promtool, ['check', 'rules', '--lint=all', join(folder, 'rules.yaml')])).toContain('rules found');
});

it.each<[alert: string, series: string, values: string, at: string, fires: boolean]>([
  ['GreenroomIsDown', 'greenroom_build_info{version="1"}', '_x60', '30m', true],
  ['GreenroomIsDown', 'greenroom_build_info{version="1"}', '1x60', '30m', false],
  ['GreenroomSweepsFail', 'greenroom_last_sweep_timestamp_seconds', '0x300', '90m', true],
  ['GreenroomSweepsFail', 'greenroom_last_sweep_timestamp_seconds', '0+60x300', '90m', false],
  ['GreenroomPlatformIsBroken', 'greenroom_sweep_problems', '0x10 1x60', '40m', true],
  ['GreenroomPlatformIsBroken', 'greenroom_sweep_problems', '0x10 1 0x60', '40m', false],
  ['GreenroomPreviewsDoNotEnd', 'greenroom_previews{state="ending"}', '3x200', '3h', true],
  ['GreenroomPreviewsDoNotEnd', 'greenroom_previews{state="ready"}', '3x200', '3h', false],
  ['GreenroomQueueGrows', 'greenroom_queue_waiting', '500x60', '40m', true],
  ['GreenroomHoldsPreviewsBack', 'greenroom_sweep_held_previews', '4x120', '90m', true],
  ['GreenroomFoundStrangeFolders', 'greenroom_sweep_alarms', '1x60', '20m', true],
  ['GreenroomCallsAreRefused', 'greenroom_status_calls_total{outcome="unsigned"}', '0+5x120', '60m', true],
  ['GreenroomClusterFloods', 'greenroom_status_throttled_calls_total{cluster="main"}', '0+5x120', '60m', true],
  ['GreenroomClusterFloods', 'greenroom_status_throttled_calls_total{cluster="main"}', '9x120', '60m', false],
  ['GreenroomCallsAreRefused', 'greenroom_status_calls_total{outcome="call"}', '0+5x120', '60m', false],
])('%s of %s %s after %s: %s', async (alert, series, values, at, fires) => {
  const tests = {
    rule_files: [join(folder, 'rules.yaml')],
    evaluation_interval: '1m',
    tests: [
      {
        interval: '1m',
        // Others alert where they find nothing at all.
        input_series: [{ series, values }],
        promql_expr_test: [
          {
            expr: `count(ALERTS{alertname="${alert}", alertstate="firing"}) or vector(0)`,
            eval_time: at,
            exp_samples: [{ labels: '{}', value: fires ? 1 : 0 }],
          },
        ],
      },
    ],
  };
  writeFileSync(join(folder, 'tests.yaml'), stringify(tests));
  expect(await run(promtool, ['test', 'rules', join(folder, 'tests.yaml')])).toContain('SUCCESS');
});
