import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { acme } from '../../docs/examples/extension.ts';
import { createCompiler } from '../../lib/compile/compile.ts';
import { compileInput, OPENED, platform } from '../support/inputs.ts';

it('the documented extension adds a sidecar, a label and a kind of its own, within the rules', () => {
  const allowed =
    'policies: { parameters: { allowedKinds: [apps/Deployment, Service, networking.k8s.io/Ingress, acme.example/Dashboard], keys: [acme.example/] } }';
  const { files, folder, findings } = createCompiler({ platform: platform(allowed), now: OPENED, extensions: [acme] })(
    compileInput(),
  );
  const read = (path: string) => parse(files.get(`${folder}/${path}`) ?? 'null');
  expect(findings.filter(({ severity }) => severity === 'deny')).toEqual([]);
  const { containers } = read('app/deployment.pr-shop-7.yaml').spec.template.spec;
  expect(containers.map((container: { name: string }) => container.name)).toEqual(['app', 'log-shipper']);
  expect(containers[1].securityContext.runAsNonRoot).toBe(true);
  expect(read('app/dashboard.pr-shop-7.yaml').spec.repository).toBe('acme/shop');
  for (const path of ['fence/namespace.pr-shop-7.yaml', 'app/service.pr-shop-7.yaml']) {
    expect(read(path).metadata.labels['acme.example/cost-centre']).toBe('previews');
  }
});
