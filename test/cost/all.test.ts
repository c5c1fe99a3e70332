import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { EXAMPLE_RATES, monthsIfOld, spotRates } from '../../lib/cost/rates.ts';
import { formatRecord, type PreviewRecord } from '../../lib/model/record.ts';
import { inProcess } from '../support/command.ts';
import { bareRepo, tempFolder } from '../support/git.ts';
import { OPENED, platformText } from '../support/inputs.ts';

const HOUR = 3600;

function record(repository: string, number: number, perDay: number, hours: number, currency = 'USD'): PreviewRecord {
  return {
    name: `pr-${repository}-${number}`,
    identity: { repositoryId: 1, repository: `acme/${repository}`, number },
    author: 'mia',
    headSha: 'a'.repeat(40),
    image: `ghcr.io/acme/${repository}:x`,
    imageDigest: null,
    url: null,
    cluster: 'main',
    created: OPENED,
    expires: OPENED + hours * HOUR,
    cost: { currency, perDay, ratesAsOf: '2026-01' },
    specDigest: `sha256:${'0'.repeat(64)}`,
  };
}

const app = (repository: string, more: string) =>
  `apiVersion: greenroom.dev/v1alpha1\nkind: MicroApp\nspec: { repository: acme/${repository}, owner: "@acme/web", ${more} }\n`;

let appsRepo: string;
beforeAll(() => {
  const records = [
    record('shop', 1, 0.1234, 36),
    record('shop', 2, 0.5, 12),
    record('handbook', 3, 0.09, 24),
    record('old', 4, 1, 24, 'EUR'),
  ];
  const files = records.map((each) => {
    const repo = each.identity.repository.split('/')[1];
    return [`previews/main/${repo}/${each.name}/preview.json`, formatRecord(each)];
  });
  appsRepo = bareRepo(
    {
      'greenroom.yaml': platformText(),
      ...Object.fromEntries(files),
      'previews/main/broken/pr-broken-9/preview.json': '{',
      'apps/acme/shop.yaml': app('Shop', 'team: web, costCentre: CC-1'),
      'apps/acme/handbook.yaml': app('handbook', 'costCentre: CC-1'),
      'apps/acme/wrong.yaml': app('wrong', 'costCenter: CC-2'),
    },
    { path: join(tempFolder(), 'previews.git') },
  );
});
const cost = (...args: string[]) =>
  inProcess(['cost', '--all', '--apps-repo', appsRepo, ...args], '/', { PATH: process.env['PATH'] });

describe('cost --all', () => {
  test('adds up to the cent, as computed by hand', async () => {
    const { code, stdout } = await cost('--format', 'json');
    expect(code).toBe(0);
    // shop: 0.1234 + 0.5 = 0.6234 a day; 0.1234 * 1.5 + 0.5 * 0.5 = 0.4351; 0.6234 / 24 * 730 = 18.96175.
    const shop = { name: 'acme/shop', previews: 2, hour: 0.026, day: 0.6234, life: 0.4351, month: 18.9618 };
    // 0.09 a day, for one day; 0.09 / 24 * 730 = 2.7375.
    const handbook = { name: 'acme/handbook', previews: 1, hour: 0.0038, day: 0.09, life: 0.09, month: 2.7375 };
    const report = JSON.parse(stdout);
    expect(report.rows).toEqual([shop, handbook]);
    // 0.7134 a day; 0.7134 / 24 * 730 = 21.69925.
    expect(report.total).toEqual({ previews: 3, hour: 0.0297, day: 0.7134, life: 0.5251, month: 21.6993 });
    expect(report.unpriced).toEqual([
      { name: 'pr-broken-9', why: 'its record cannot be read' },
      { name: 'pr-old-4', why: 'it was priced in EUR, before the currency changed' },
    ]);
  });

  test('is a table that counts what has no price in its first line', async () => {
    const { stdout, stderr } = await cost();
    expect(stdout).toBe(`3 previews, 2 without a price; by what they ask for, rates of 2026-01; traffic not included
repository     previews  a day  whole life  a month of it
acme/shop             2  $0.62       $0.44         $18.96
acme/handbook         1  $0.09       $0.09          $2.74
total                 3  $0.71       $0.53         $21.70
without a price: pr-broken-9, its record cannot be read
without a price: pr-old-4, it was priced in EUR, before the currency changed
`);
    expect(stderr).toMatch(/registration ignored: apps\/acme\/wrong\.yaml:3:\d+: .*costCentre/);
  });

  test.each([
    ['owner', ['@acme/web']],
    ['team', ['web', null]],
    ['cost-centre', ['CC-1']],
  ])('sums by %s', async (by, names) => {
    const { rows } = JSON.parse((await cost('--by', by, '--format', 'json')).stdout);
    expect(rows.map(({ name }: { name: string }) => name)).toEqual(names);
  });

  test('is a table for spreadsheets, in which no name is a formula', async () => {
    const { stdout, stderr } = await cost('--by', 'owner', '--format', 'csv');
    expect(stdout).toBe(`owner,previews,currency,hour,day,life,month\r\n"'@acme/web",3,USD,0.0297,0.71,0.53,21.70\r\n`);
    expect(stderr).toContain('without a price: pr-old-4');
  });

  test.each([
    [['--all'], '--apps-repo is needed'],
    [['--all', 'preview.yaml', '--apps-repo', 'x'], 'leave out preview.yaml'],
    [['--format', 'csv'], '--format csv is for --all'],
    [[], 'a file is needed'],
    [['--all', '--by', 'colour'], 'Allowed choices are owner, repository, team, cost-centre'],
  ])('%j says what is missing', async (args, complaint) => {
    const { code, stderr } = await inProcess(['cost', ...args], '/');
    expect([code, stderr]).toEqual([2, expect.stringContaining(complaint)]);
  });
});

test('rates that are older than a year are told', async () => {
  const at = (text: string) => Date.parse(text) / 1000;
  expect(monthsIfOld('2026-01', at('2027-01-31T00:00:00Z'))).toBeNull();
  expect(monthsIfOld('2026-01-31', at('2027-02-01T00:00:00Z'))).toBe(13);
  expect(monthsIfOld('2026-12', at('2026-01-01T00:00:00Z'))).toBeNull();
  const folder = tempFolder();
  const { writeFileSync } = await import('node:fs');
  writeFileSync(join(folder, 'greenroom.yaml'), platformText('cost: { rates: { asOf: "2021-06" } }'));
  writeFileSync(
    join(folder, 'preview.yaml'),
    'apiVersion: greenroom.dev/v1alpha1\nkind: Preview\nspec: { template: web-service, image: ghcr.io/acme/shop }\n',
  );
  const { stderr } = await inProcess(['cost', 'preview.yaml', '--repo', 'acme/shop'], folder);
  expect(stderr).toMatch(/^The rates of 2021-06 are \d+ months old: compare cost\.rates in greenroom\.yaml with/m);
});

test('example rates have a date, a source and a spot price, and greenroom.yaml takes each of them', async () => {
  const { stdout } = await inProcess(['cost', '--rates'], '/');
  const lines = stdout.split('\n').filter((line) => line.startsWith('cost: '));
  expect(lines).toHaveLength(3);
  expect(stdout.match(/^# .*, by https:\/\/\S+; on spot capacity/gm)).toHaveLength(3);
  for (const { asOf } of EXAMPLE_RATES) expect(asOf).toMatch(/^20\d\d-(0[1-9]|1[0-2])$/);
  const folder = tempFolder();
  const { writeFileSync } = await import('node:fs');
  const months: number[] = [];
  const one = 'sizes: { one: { requests: { cpu: 500m, memory: 1Gi }, limits: { cpu: 500m, memory: 1Gi } } }';
  for (const line of lines) {
    writeFileSync(join(folder, 'greenroom.yaml'), platformText(`${line}\n${one}\ndefaultSize: one`));
    writeFileSync(
      join(folder, 'preview.yaml'),
      'apiVersion: greenroom.dev/v1alpha1\nkind: Preview\nspec: { template: web-service, image: ghcr.io/acme/shop }\n',
    );
    const answer = await inProcess(['cost', 'preview.yaml', '--repo', 'acme/shop', '--format', 'json'], folder);
    expect([answer.code, answer.stderr]).toEqual([0, '']);
    months.push(JSON.parse(answer.stdout).perMonth);
  }
  // Half a vCPU and 1 GiB for 730 hours: (0.02024 + 0.004445) * 730 = 18.02005, (0.02225 + 0.0049225) * 730 =
  // 19.835925, (0.02025 + 0.00445) * 730 = 18.031. A day that is rounded first would make 19.83 of the second.
  expect(months.map((month) => month.toFixed(2))).toEqual(['18.02', '19.84', '18.03']);
  // 0.04048 * 0.3 = 0.012144; 0.004445 * 0.3 = 0.0013335.
  expect(spotRates(EXAMPLE_RATES[0]!)).toEqual({ cpuHour: 0.012144, memoryGiBHour: 0.001334 });
});
