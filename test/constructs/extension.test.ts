import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { parse } from 'yaml';
import acme from '../../docs/examples/extension.ts';
import { createCompiler } from '../../lib/compile/compile.ts';
import { inProcess } from '../support/command.ts';
import { compileInput, OPENED, platform, platformText, previewText } from '../support/inputs.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const ALLOWED =
  'policies: { parameters: { allowedKinds: [apps/Deployment, Service, networking.k8s.io/Ingress, acme.example/Dashboard], keys: [acme.example/] } }';

function expectAcme(read: (path: string) => string | undefined): void {
  const object = (path: string) => parse(read(path) ?? 'null');
  const { containers } = object('app/deployment.pr-shop-7.yaml').spec.template.spec;
  expect(containers.map((container: { name: string }) => container.name)).toEqual(['app', 'log-shipper']);
  expect(containers[1].securityContext.runAsNonRoot).toBe(true);
  expect(object('app/dashboard.pr-shop-7.yaml').spec.repository).toBe('acme/shop');
  for (const path of ['fence/namespace.pr-shop-7.yaml', 'app/service.pr-shop-7.yaml']) {
    expect(object(path).metadata.labels['acme.example/cost-centre']).toBe('previews');
  }
}

it('the documented extension adds a sidecar, a label and a kind of its own, within the rules', () => {
  const compiler = createCompiler({ platform: platform(ALLOWED), now: OPENED, extensions: [acme] });
  const { files, folder, findings } = compiler(compileInput());
  expect(findings.filter(({ severity }) => severity === 'deny')).toEqual([]);
  expectAcme((path) => files.get(`${folder}/${path}`));
});

it('bundled by the documented command, and named by greenroom.yaml, it does the same in the command', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'greenroom-extension-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  copyFileSync(join(root, 'docs/examples/extension.ts'), join(folder, 'extension.ts'));
  const [, command = ''] =
    /^```sh\nnpx ([\s\S]*?)^```/m.exec(readFileSync(join(root, 'docs/extending.md'), 'utf8')) ?? [];
  const modules = join(root, 'node_modules');
  const PATH = [join(modules, '.bin'), process.env['PATH']].join(delimiter);
  execFileSync('sh', ['-c', command], {
    cwd: folder,
    env: { ...process.env, PATH, NODE_PATH: modules },
    stdio: 'pipe',
  });

  writeFileSync(join(folder, 'greenroom.yaml'), platformText(`extensions: [extensions/acme.mjs]\n${ALLOWED}`));
  writeFileSync(join(folder, 'preview.yaml'), previewText());
  mkdirSync(join(folder, 'out'));
  const args = 'render preview.yaml --platform greenroom.yaml --repo acme/shop --pr 7 --out out'.split(' ');
  expect(await inProcess(args, folder)).toMatchObject({ code: 0 });
  const { stderr } = await inProcess('init previews --platform greenroom.yaml --no-input'.split(' '), folder);
  expect(stderr).toContain('Next: copy extensions/acme.mjs into it, read previews/README.md');
  expectAcme((path) => readFileSync(join(folder, 'out/previews/main/shop/pr-shop-7', path), 'utf8'));
});
