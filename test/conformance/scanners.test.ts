import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readReport, type ScanReport } from '../../lib/evidence/evaluate/reports.ts';
import { judge } from './judges.ts';
import { run } from './run.ts';
import { type Registries, startRegistries } from './support/registries.ts';

// An hour of building, for scanners of which `npm test` has the output: GREENROOM_SCANNERS=1 builds and runs them,
// GREENROOM_SCANNERS=write writes that output anew.
const SWITCH = process.env['GREENROOM_SCANNERS'];
const GOLDENS = join(import.meta.dirname, '../evidence/goldens');
const LATER = Date.now() / 1000 + 3600;

let registries: Registries;
let folder: string;
const images = new Map<string, string>();
const programs = new Map<string, string>();

/** The files by which scanners know an Alpine system and its packages. */
const system = (version: string, openssl: string, zlib: string) => {
  const entry = (name: string, at: string) =>
    `P:${name}\nV:${at}\nA:x86_64\nS:1\nI:1\nT:${name}\nU:https://example.com/\nL:Zlib\no:${name}\n\n`;
  return {
    'etc/os-release': `ID=alpine\nVERSION_ID=${version}\n`,
    'etc/alpine-release': `${version}\n`,
    'lib/apk/db/installed': entry('openssl', openssl) + entry('zlib', zlib),
  };
};

const SYSTEMS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  holed: system('3.22.1', '3.0.1-r0', '1.2.12-r0'),
  clean: system('3.22.1', '3.0.9-r0', '1.3.1-r0'),
  old: system('3.10.9', '3.0.9-r0', '1.3.1-r0'),
  empty: { 'etc/motd': 'nothing to see\n' },
};

/** Golden, program, image or folder, arguments. */
const SCANS: readonly (readonly [string, 'syft' | 'grype' | 'trivy', string, readonly string[]])[] = [
  ['syft.spdx', 'syft', 'holed', ['-o', 'spdx-json']],
  ['syft.cyclonedx', 'syft', 'holed', ['-o', 'cyclonedx-json']],
  ['syft-empty.spdx', 'syft', 'empty', ['-o', 'spdx-json']],
  ['trivy.spdx', 'trivy', 'holed', ['--format', 'spdx-json']],
  ['trivy.cyclonedx', 'trivy', 'holed', ['--format', 'cyclonedx']],
  ['trivy', 'trivy', 'holed', ['--format', 'json']],
  ['trivy-record', 'trivy', 'holed', ['--format', 'cosign-vuln']],
  ['trivy-clean-record', 'trivy', 'clean', ['--format', 'cosign-vuln']],
  ['trivy-suppressed', 'trivy', 'holed', ['--format', 'json', '--ignorefile', 'ignore', '--show-suppressed']],
  ['trivy-old', 'trivy', 'old', ['--format', 'json']],
  ['trivy-empty', 'trivy', 'empty', ['--format', 'json']],
  ['trivy-folder', 'trivy', './holed', ['--format', 'json']],
  ['grype', 'grype', 'holed', ['-o', 'json']],
  ['grype-clean', 'grype', 'clean', ['-o', 'json']],
  ['grype-ignored', 'grype', 'holed', ['-o', 'json', '-c', 'grype.yaml']],
  ['grype-old', 'grype', 'old', ['-o', 'json']],
  ['grype-folder', 'grype', './holed', ['-o', 'json']],
];

describe.skipIf(SWITCH === undefined)('what scanners write is what npm test reads', () => {
  beforeAll(async () => {
    registries = await startRegistries('scanners');
    ({ folder } = registries);
    const crane = await judge('crane');
    for (const name of ['syft', 'grype', 'grype-db', 'trivy', 'trivy-db'] as const) {
      programs.set(name, await judge(name));
    }
    for (const [name, files] of Object.entries(SYSTEMS)) {
      for (const [path, text] of Object.entries(files)) {
        mkdirSync(join(folder, name, path, '..'), { recursive: true });
        writeFileSync(join(folder, name, path), text);
      }
      await run('tar', ['--sort=name', '--owner=0', '--group=0', '-cf', `${name}.tar`, '-C', name, '.'], {
        cwd: folder,
      });
      const tag = `${registries.hosts.referrers}/acme/${name}:1`;
      await run(crane, [
        'append',
        '--platform=linux/amd64',
        `--new_layer=${join(folder, name)}.tar`,
        `--new_tag=${tag}`,
      ]);
      images.set(name, `${tag.slice(0, -2)}@${(await run(crane, ['digest', tag])).trim()}`);
    }
    writeFileSync(join(folder, 'ignore'), 'CVE-2026-1\n');
    writeFileSync(join(folder, 'grype.yaml'), 'ignore:\n  - vulnerability: CVE-2026-1\n');
    await run(programs.get('grype-db')!, ['grype-cache'], { cwd: folder });
    await run(programs.get('trivy-db')!, ['trivy-cache'], { cwd: folder });
  }, 7_200_000);
  afterAll(() => registries?.stop());

  it.each(SCANS)('%s', async (golden, program, what, args) => {
    const text = await scan(program, what, args);
    const file = join(GOLDENS, `${golden}.json`);
    if (SWITCH === 'write') {
      mkdirSync(GOLDENS, { recursive: true });
      writeFileSync(file, text);
    }
    expect(readingOf(text)).toEqual(readingOf(readFileSync(file, 'utf8')));
  });
});

async function scan(program: 'syft' | 'grype' | 'trivy', what: string, args: readonly string[]): Promise<string> {
  const isFolder = what.startsWith('./');
  const target = isFolder ? what : images.get(what)!;
  const run_ = (more: readonly string[], env: Readonly<Record<string, string>>) =>
    run(programs.get(program)!, more, { cwd: folder, env: { HOME: folder, ...env } });
  let text: string;
  if (program === 'trivy') {
    const offline = ['--skip-db-update', '--skip-java-db-update', '--skip-version-check', '--offline-scan', '--quiet'];
    const common = ['--cache-dir', 'trivy-cache', '--scanners', 'vuln', ...offline, ...args, target];
    text = await run_([isFolder ? 'rootfs' : 'image', ...common], { TRIVY_NON_SSL: 'true' });
  } else if (program === 'grype') {
    text = await run_([isFolder ? `dir:${target}` : `registry:${target}`, '--quiet', ...args], {
      GRYPE_DB_CACHE_DIR: join(folder, 'grype-cache'),
      GRYPE_DB_AUTO_UPDATE: 'false',
      GRYPE_DB_VALIDATE_AGE: 'false',
      GRYPE_CHECK_FOR_APP_UPDATE: 'false',
      GRYPE_REGISTRY_INSECURE_USE_HTTP: 'true',
    });
  } else {
    text = await run_(['scan', `registry:${target}`, '--quiet', ...args], {
      SYFT_CHECK_FOR_APP_UPDATE: 'false',
      SYFT_REGISTRY_INSECURE_USE_HTTP: 'true',
    });
  }
  // Neither this run's port nor its folder is part of what is compared.
  return text.replaceAll(registries.hosts.referrers, 'registry.example').replaceAll(folder, '/scan');
}

/** What greenroom reads of it: a report without its time, or the parts of a list. */
function readingOf(text: string): unknown {
  const data = JSON.parse(text);
  const type = data.scanner === undefined ? '' : 'https://cosign.sigstore.dev/attestation/vuln/v1';
  const report: ScanReport | string = readReport(type, data, LATER);
  if (typeof report !== 'string') return { ...report, endedAt: 0 };
  const parts = (data.packages ?? data.components ?? []) as { name: string; versionInfo?: string; version?: string }[];
  // A list names the image itself, by a digest that follows the times of its files.
  const stable = (value = '') => value.replace(/sha256:[0-9a-f]{64}/, 'sha256');
  return {
    report,
    parts: parts.map(({ name, versionInfo, version }) => [stable(name), stable(versionInfo ?? version)]),
  };
}
