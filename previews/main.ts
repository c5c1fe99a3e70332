// The example previews as one cdk8s app: `npx cdk8s synth` writes their YAML to cdk8s.out/.
import { readFileSync } from 'node:fs';
import { App, Chart } from 'cdk8s';
import { loadPlatform, loadPreview, Preview } from '../lib/index.ts';

const EXAMPLES = ['handbook', 'shop', 'thumbnails'];

const read = (path: string) => readFileSync(new URL(path, import.meta.url));
const platform = loadPlatform(read('greenroom.yaml'), 'greenroom.yaml').value.spec;
const app = new App();
for (const [i, example] of EXAMPLES.entries()) {
  new Preview(new Chart(app, example, { disableResourceNameHashes: true }), 'preview', {
    platform,
    preview: loadPreview(read(`${example}/preview.yaml`), `${example}/preview.yaml`),
    pullRequest: {
      repository: `acme/${example}`,
      repositoryId: 100 + i,
      number: i + 1,
      headSha: '0'.repeat(40),
      createdAt: '2026-11-24T08:00:00Z',
    },
  });
}
app.synth();
