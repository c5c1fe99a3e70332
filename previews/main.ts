// The example previews as one cdk8s app: `npx cdk8s synth` writes their YAML to cdk8s.out/.
import { readFileSync } from 'node:fs';
import { App, YamlOutputType } from 'cdk8s';
import { loadPlatform, loadPreview, previewCharts } from '../lib/index.ts';

const EXAMPLES = ['handbook', 'shop', 'thumbnails'];

const read = (path: string) => readFileSync(new URL(path, import.meta.url));
const platform = loadPlatform(read('greenroom.yaml'), 'greenroom.yaml').value.spec;
const app = new App({ yamlOutputType: YamlOutputType.FILE_PER_CHART });
for (const [i, example] of EXAMPLES.entries()) {
  previewCharts(app, {
    preview: loadPreview(read(`${example}/preview.yaml`), `${example}/preview.yaml`),
    platform,
    identity: { repositoryId: 100 + i, owner: 'acme', repository: example, number: i + 1 },
    headSha: '0'.repeat(40),
    labels: [],
    times: { createdAt: 0, updatedAt: 0, committedAt: 0 },
  });
}
app.synth();
