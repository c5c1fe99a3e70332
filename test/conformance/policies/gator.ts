import { emitYaml } from '../../../lib/core/yaml.ts';
import { tryRun } from '../run.ts';
import type { Manifest } from './api-server.ts';
import { batches, key, type OfflineInput, type Refusals } from './kyverno.ts';

/** Runs `gator test` over all objects; the names of policies are those of the constraints. */
export async function judgeWithGator(binary: string, input: OfflineInput): Promise<Refusals[]> {
  const verdicts = input.objects.map(() => new Map<string, string>());
  for (const batch of batches(input.objects)) {
    const objects = batch.map((i) => input.objects[i] as Manifest);
    const documents = [...input.policies, ...input.namespaces, ...objects];
    const { code, stdout, stderr } = await tryRun(binary, ['test', '--output', 'json'], {
      stdin: documents.map((object) => emitYaml(object)).join('---\n'),
      timeoutMs: 600_000,
    });
    if (code > 1 || (code === 1 && stdout === '')) throw new Error(`gator test ended with ${code}:\n${stderr}`);
    const byKey = new Map(batch.map((i) => [key(input.objects[i] as Manifest), i]));
    for (const { violatingObject, constraint, msg } of parse(stdout)) {
      const index = byKey.get(key(violatingObject));
      if (index !== undefined) verdicts[index]?.set(constraint.metadata.name as string, msg);
    }
  }
  return verdicts;
}

interface Result {
  readonly violatingObject: Manifest;
  readonly constraint: Manifest;
  readonly msg: string;
}

function parse(stdout: string): Result[] {
  return (JSON.parse(stdout) as Result[] | null) ?? [];
}
