/**
 * Run in a process of its own, with little heap: reads every hostile file and prints, as JSON, the slowest one and the
 * most memory that the process ever held.
 */
import { loadDocument, MAX_PLATFORM_BYTES, parseSafeYaml } from '../../../lib/model/load.ts';
import { previewSchema } from '../../../lib/model/preview.ts';
import { cpuMilliseconds } from '../cpu-time.ts';
import { expensiveYaml } from './manifests.ts';
import { hostilePreviews } from './previews.ts';

let slowest = { name: '', milliseconds: 0 };
function measure(name: string, run: () => void): void {
  const milliseconds = cpuMilliseconds(run);
  if (milliseconds > slowest.milliseconds) slowest = { name, milliseconds };
}

for (const { name, bytes } of hostilePreviews()) {
  measure(name, () => {
    try {
      loadDocument(previewSchema, bytes, 'preview.yaml');
    } catch {
      // Refusing is what the other tests are about.
    }
  });
}
for (const [name, text] of expensiveYaml()) {
  measure(name, () => void parseSafeYaml(text, { file: name, maxBytes: MAX_PLATFORM_BYTES, documents: 'many' }));
}
console.log(JSON.stringify({ slowest, megabytes: process.resourceUsage().maxRSS / 1024 }));
