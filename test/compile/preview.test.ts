import { App, Chart } from 'cdk8s';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { createCompiler } from '../../lib/compile/compile.ts';
import { Preview, type PreviewProps } from '../../lib/index.ts';
import { loadPreview } from '../../lib/model/files.ts';
import { compileInput, OPENED, platform, previewText } from '../support/inputs.ts';

const pullRequest = {
  repository: 'acme/shop',
  repositoryId: 42,
  number: 7,
  headSha: 'a1b2c3d'.padEnd(40, '0'),
  createdAt: new Date(OPENED * 1000).toISOString(),
  author: 'mia',
};

function synth(props: Partial<PreviewProps> = {}) {
  const chart = new Chart(new App(), 'test', { disableResourceNameHashes: true });
  const preview = new Preview(chart, 'preview', {
    platform: platform(),
    preview: { template: 'web-service', image: 'ghcr.io/acme/shop' },
    pullRequest,
    ...props,
  });
  return { preview, objects: () => chart.toJson() as { kind: string; metadata: { name: string } }[] };
}

const id = ({ kind, metadata }: { kind: string; metadata: { name: string } }) => `${kind}/${metadata.name}`;
const byId = (objects: readonly { kind: string; metadata: { name: string } }[]) =>
  Object.fromEntries(objects.map((object) => [id(object), object]));

describe('Preview', () => {
  test.each([
    ['', ''],
    ['ingress: { kind: gateway }', 'secrets: { KEY: acme/shop/key }\nttl: 8h'],
    ['knative: true\nspot: { label: { key: spot, value: "1" } }', 'template: function'],
    ['egress: [{ cidr: 0.0.0.0/0, ports: [443] }]', 'env: { LEVEL: "off" }\nsize: large'],
  ])('on a platform with %j holds the objects that the compiler writes for %j', (settings, extra) => {
    const text = extra.startsWith('template') ? previewText().replace('web-service', 'function') : previewText(extra);
    const { files } = createCompiler({ platform: platform(settings), now: OPENED })(compileInput(text));
    const written = [...files].filter(([path]) => path.endsWith('.yaml')).map(([, yaml]) => parse(yaml));
    const { objects } = synth({ platform: platform(settings), preview: loadPreview(text, 'preview.yaml') });
    expect(byId(objects())).toEqual(byId(written));
  });

  test('takes what stands under spec as well, and says what is wrong with it', () => {
    const { preview } = synth();
    expect([preview.name, preview.host]).toEqual(['pr-shop-7', 'pr-shop-7.apps.example.com']);
    expect(preview.expires).toBe(OPENED + 24 * 3600);
    const wrong = (props: object) => () => synth(props as Partial<PreviewProps>);
    expect(wrong({ preview: { template: 'web-servce', image: 'ghcr.io/acme/shop' } })).toThrow(
      /did you mean web-service/,
    );
    expect(wrong({ preview: { template: 'web-service', image: 'ghcr.io/acme/shop', size: 'huge' } })).toThrow(
      /spec\.size: is not a size of this platform/,
    );
    expect(wrong({ pullRequest: { ...pullRequest, createdAt: 'yesterday' } })).toThrow(/pullRequest\.createdAt/);
    expect(wrong({ pullRequest: { ...pullRequest, headSha: 'main' } })).toThrow(/pullRequest\.headSha/);
    expect(wrong({ pullRequest: { ...pullRequest, repository: 'shop' } })).toThrow(/repository/);
  });

  test('hands out the core kinds with their specifications, which may be changed until synthesis', () => {
    const shared = platform();
    const { preview, objects } = synth({ platform: shared });
    preview.app.deployment!.spec.progressDeadlineSeconds = 77;
    preview.app.deployment!.spec.template.spec!.containers[0]!.workingDir = '/srv';
    preview.app.service!.spec.ports!.push({ name: 'metrics', port: 9090, targetPort: 9090 });
    preview.app.ingress!.spec.rules![0]!.http!.paths[0]!.path = '/shop';
    preview.fence.resourceQuota.spec.hard!['pods'] = '3';
    preview.fence.limitRange.spec.limits[0]!.default!['memory'] = '64Mi';
    const found = byId(objects()) as unknown as Record<string, { spec: Record<string, unknown> }>;
    expect(found['Deployment/pr-shop-7']!.spec).toMatchObject({
      progressDeadlineSeconds: 77,
      template: { spec: { containers: [{ workingDir: '/srv' }] } },
    });
    expect(found['Service/pr-shop-7']!.spec['ports']).toHaveLength(2);
    expect(JSON.stringify(found['Ingress/pr-shop-7'])).toContain('"/shop"');
    expect(found['ResourceQuota/preview']!.spec['hard']).toMatchObject({ pods: '3' });
    expect(JSON.stringify(found['LimitRange/preview'])).toContain('64Mi');
    // What one preview's extension changes is no other preview's.
    expect(shared).toEqual(platform());
  });
});
