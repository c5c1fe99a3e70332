import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { evaluate } from '../../lib/evidence/evaluate/evaluate.ts';
import type { Demand } from '../../lib/evidence/evaluate/verdict.ts';
import { createTrust } from '../../lib/evidence/signatures/trust.ts';
import { platform } from '../support/inputs.ts';
import { keyPair } from './signing.ts';

// What the real programs wrote; `GREENROOM_SCANNERS=1 npm run conformance` runs them and compares (scanners.test.ts there).
const golden = (name: string): unknown =>
  JSON.parse(readFileSync(join(import.meta.dirname, 'goldens', `${name}.json`), 'utf8'));
const KEYS = `keys: [${JSON.stringify(keyPair().pem)}]`;
/** A day after the goldens were made. */
const NOW = Date.UTC(2026, 11, 1, 9, 30) / 1000;

/** What is said of a demand by one statement of a key of the platform. */
function verdict(demand: Demand, predicateType: string, predicate: unknown, settings = '', now = NOW) {
  const { evidence } = platform(`evidence: { require: [${demand}], ${KEYS}${settings} }`);
  const policy = { settings: evidence, trust: createTrust(evidence, new Map(), now) };
  const subject = {
    repositoryId: 1,
    repository: 'acme/shop',
    number: 7,
    head: 'a'.repeat(40),
    mergeParents: new Map(),
  };
  const claim = { predicateType, predicate, signer: { by: 'key', key: 1 }, layout: 'bundle' } as const;
  const { verdicts, worst } = evaluate({ claims: [claim], refused: [] }, policy, subject, now);
  return { ...verdicts[demand], ...(worst && { worst }) };
}

const RECORD = 'https://cosign.sigstore.dev/attestation/vuln/v1';
const OWN = 'https://example.com/scan/v1';

test.each<[string, string, string, string]>([
  ['trivy', OWN, 'wrong', 'openssl 3.0.1-r0 is fixed in 3.0.7-r0 (CVE-2026-1)'],
  ['trivy-record', RECORD, 'wrong', 'openssl 3.0.1-r0 is fixed in 3.0.7-r0 (CVE-2026-1)'],
  ['trivy-clean-record', RECORD, 'shown', 'no known vulnerabilities'],
  ['trivy-suppressed', OWN, 'wrong', 'CVE-2026-1'],
  ['trivy-old', OWN, 'wrong', 'no security updates any more'],
  ['trivy-empty', OWN, 'missing', 'found no packages that the scanner knows'],
  ['trivy-folder', OWN, 'missing', 'is not a report of Trivy or Grype about an image'],
  ['grype', OWN, 'wrong', 'openssl 3.0.1-r0 is fixed in 3.0.7-r0 (CVE-2026-1)'],
  ['grype-clean', OWN, 'shown', 'no known vulnerabilities'],
  ['grype-ignored', OWN, 'wrong', 'CVE-2026-1'],
  ['grype-old', OWN, 'wrong', 'no security updates any more'],
  ['grype-folder', OWN, 'missing', 'is not a report of Trivy or Grype about an image'],
])('the report %s as %s is %s', (name, type, status, words) => {
  const found = verdict('vulnerabilities', type, golden(name));
  expect(found).toMatchObject({ status, sentence: expect.stringContaining(words) });
});

test.each(['trivy', 'trivy-record', 'grype'])('of %s the severities, allowances, age and time count', (name) => {
  const type = name === 'trivy-record' ? RECORD : OWN;
  const said = (settings: string, now?: number) => verdict('vulnerabilities', type, golden(name), settings, now);
  const allowed = ', allow: [{ id: CVE-2026-1, reason: a test, until: 2026-12-31 }]';
  expect(said('')).toMatchObject({ status: 'wrong', worst: 'critical' });
  expect(said(allowed)).toMatchObject({ status: 'shown', worst: 'medium' });
  expect(said(`${allowed}, vulnerabilities: medium`)).toMatchObject({ status: 'wrong', worst: 'medium' });
  expect(said(allowed, NOW + 8 * 86_400)).toMatchObject({ status: 'wrong', sentence: expect.stringContaining('last') });
  expect(said(allowed, NOW - 3 * 86_400)).toMatchObject({ status: 'missing' });
});

test.each<[string, string, string]>([
  ['syft.spdx', 'https://spdx.dev/Document', 'shown'],
  ['syft.spdx', 'https://spdx.dev/Document/v2.3', 'shown'],
  ['syft.cyclonedx', 'https://cyclonedx.org/bom', 'shown'],
  ['trivy.spdx', 'https://spdx.dev/Document', 'shown'],
  ['trivy.cyclonedx', 'https://cyclonedx.org/bom', 'shown'],
  ['syft-empty.spdx', 'https://spdx.dev/Document', 'wrong'],
  ['trivy', 'https://spdx.dev/Document', 'wrong'],
])('the list %s as %s is %s', (name, type, status) => {
  expect(verdict('sbom', type, golden(name))).toMatchObject({ status });
});

test('whatever is changed in a report or list, it is evaluated, in a sentence that can be shown', () => {
  const documents = readdirSync(join(import.meta.dirname, 'goldens')).map((file) =>
    golden(file.replace(/\.json$/, '')),
  );
  const types = [
    RECORD,
    OWN,
    'https://spdx.dev/Document',
    'https://cyclonedx.org/bom',
    'https://slsa.dev/provenance/v1',
  ];
  const demands = ['sbom', 'provenance', 'vulnerabilities'] as const;
  const odd = fc.oneof(fc.anything(), fc.constantFrom('9999999-01-01T00:00:00Z', 'x'.repeat(2000), '\u202e\n`@all`'));
  fc.assert(
    fc.property(
      fc.constantFrom(...documents),
      fc.constantFrom(...types),
      fc.nat(),
      odd,
      (document, type, place, value) => {
        const all = placesIn(document);
        const changed = withValue(document, all[place % all.length]!, value);
        for (const demand of demands) {
          const { sentence = '' } = verdict(demand, type, changed);
          expect(sentence).toMatch(/^[\x20-\x7e]{10,1000}$/);
        }
      },
    ),
    { numRuns: 60 },
  );
});

type Place = readonly string[];

function placesIn(value: unknown, at: Place = []): Place[] {
  if (typeof value !== 'object' || value === null) return [at];
  return [at, ...Object.entries(value).flatMap(([key, inner]) => placesIn(inner, [...at, key]))];
}

function withValue(document: unknown, [key, ...rest]: Place, value: unknown): unknown {
  if (key === undefined) return value;
  const entries = Object.entries(document as object).map(
    ([name, inner]) => [name, name === key ? withValue(inner, rest, value) : inner] as const,
  );
  return Array.isArray(document) ? entries.map(([, inner]) => inner) : Object.fromEntries(entries);
}
