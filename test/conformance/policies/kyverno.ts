import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { emitYaml } from '../../../lib/core/yaml.ts';
import { tryRun } from '../run.ts';
import type { Manifest } from './api-server.ts';

/** What one engine says of one object, by name of the policy that refuses: its message. */
export type Refusals = ReadonlyMap<string, string>;

export interface OfflineInput {
  readonly policies: readonly unknown[];
  /** Judged one by one; each has a name, and a namespace unless its kind has none. */
  readonly objects: readonly Manifest[];
  /** The namespaces that the objects are in. */
  readonly namespaces: readonly Manifest[];
}

/**
 * Runs `kyverno apply` over all objects at once. Its report tells objects apart by kind, namespace and name alone, so
 * that objects that share them go into separate runs.
 */
export async function judgeWithKyverno(binary: string, input: OfflineInput): Promise<Refusals[]> {
  const verdicts = input.objects.map(() => new Map<string, string>());
  for (const batch of batches(input.objects)) {
    const report = await apply(
      binary,
      input,
      batch.map((i) => input.objects[i] as Manifest),
    );
    const byKey = new Map(batch.map((i) => [key(input.objects[i] as Manifest), i]));
    for (const { result, policy, message, resources = [] } of report.results ?? []) {
      if (result !== 'fail' && result !== 'error' && result !== 'warn') continue;
      for (const { apiVersion, kind, namespace, name } of resources) {
        const index = byKey.get(key({ apiVersion, kind, metadata: { namespace, name } }));
        if (index !== undefined) verdicts[index]?.set(policy, message);
      }
    }
  }
  return verdicts;
}

interface Report {
  readonly results?: readonly {
    readonly result: string;
    readonly policy: string;
    readonly message: string;
    readonly resources?: readonly { apiVersion: string; kind: string; namespace: string; name: string }[];
  }[];
}

async function apply(binary: string, input: OfflineInput, objects: readonly Manifest[]): Promise<Report> {
  const folder = mkdtempSync(join(tmpdir(), 'greenroom-kyverno-'));
  try {
    const file = (name: string, documents: readonly unknown[]) => {
      const path = join(folder, name);
      writeFileSync(path, documents.map((object) => emitYaml(object)).join('---\n'));
      return path;
    };
    const values = {
      apiVersion: 'cli.kyverno.io/v1alpha1',
      kind: 'Values',
      metadata: { name: 'values' },
      namespaces: input.namespaces.map(({ metadata }) => ({ metadata })),
    };
    const args = [
      ...['apply', file('policies.yaml', input.policies), '--resource', file('objects.yaml', objects)],
      ...['--values-file', file('values.yaml', [values]), '--policy-report', '--output-format', 'json'],
    ];
    const { code, stdout, stderr } = await tryRun(binary, args, { timeoutMs: 600_000 });
    const json = stdout.slice(stdout.indexOf('{"kind"'));
    // Said in the report's preamble only; a policy that was not asked has no verdict.
    if (/Policies Skipped|Invalid Policies/i.test(stdout))
      throw new Error(`kyverno apply left out policies:\n${stdout}`);
    // No report at all, but for words about old kinds: no policy looks at any of the objects.
    if (code === 0 && stdout.replaceAll(/^Warning: .*$/gm, '').trim() === '') return {};
    if (code > 1 || !json.startsWith('{"kind"'))
      throw new Error(`kyverno apply ended with ${code}:\n${stdout}\n${stderr}`);
    return JSON.parse(json.slice(0, json.lastIndexOf('}') + 1)) as Report;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Indices of objects, so that no two of a batch share kind, namespace and name. */
export function batches(objects: readonly Manifest[]): number[][] {
  const seen = new Map<string, number>();
  const result: number[][] = [];
  objects.forEach((object, i) => {
    const nth = seen.get(key(object)) ?? 0;
    seen.set(key(object), nth + 1);
    result[nth] = [...(result[nth] ?? []), i];
  });
  return result;
}

/** What tells objects apart in the reports of both offline engines. */
export function key({ apiVersion, kind, metadata }: Manifest): string {
  return [apiVersion, kind, metadata.namespace ?? '', metadata.name ?? ''].join('|');
}
