import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { checkText } from '../../lib/policies/check-text.ts';
import { createChecker } from '../../lib/policies/checker.ts';
import { RULES } from '../../lib/policies/rules/index.ts';
import { CASE_NAMESPACE, listCases } from './cases.ts';
import { PARAMS } from './support.ts';

const checker = createChecker({ params: PARAMS });
const check = (text: string | Uint8Array) =>
  checkText(checker, text, { file: 'm.yaml', namespaceObject: CASE_NAMESPACE });

const APP = `# my app
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web # the name
spec:
  selector:
    matchLabels: { app: web }
  template:
    metadata:
      labels: { app: web }
    spec:
      containers:
        - name: web
          image: ghcr.io/acme/shop:1.0
          # sizes
          resources:
            limits: { cpu: 500m, memory: 256Mi }
          securityContext:
            privileged: true
---
apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  type: NodePort
  ports:
    - port: 80
      nodePort: 30080
`;

const linesOf = (text: string, start: number, end: number) =>
  text
    .split('\n')
    .slice(start - 1, end)
    .join('\n');

describe('findings', () => {
  it('stand at the line of the field, or of what should hold it', () => {
    const places = check(APP).findings.map((f) => [f.rule, f.line, f.field]);
    expect(places).toContainEqual(['no-privileged', 20, 'spec.template.spec.containers[0].securityContext.privileged']);
    expect(places).toContainEqual(['no-node-port', 27, 'spec.type']);
    expect(places).toContainEqual(['no-service-account-token', 12, 'spec.template.spec.automountServiceAccountToken']);
  });

  it('hold no value of a refused secret, anywhere', () => {
    const secret = ['AKIA', 'IOSFODNN7EXAMPLE'].join('');
    const { findings } = check(APP.replace('# sizes', `env: [{ name: X, value: ${secret} }]`));
    expect(findings.map((f) => f.rule)).toContain('no-inline-secrets');
    expect(JSON.stringify(findings)).not.toContain(secret);
  });

  it('read JSON as well, and name objects by their own namespace', () => {
    const { findings } = check(
      '{"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "x", "namespace": "pr-other-1"}}',
    );
    expect(findings.map((f) => f.rule).sort()).toEqual(['allowed-kinds', 'own-namespace']);
    expect(findings[0]?.object).toEqual({ apiVersion: 'v1', kind: 'Secret', namespace: 'pr-other-1', name: 'x' });
  });
});

describe('what no API server takes is bad input, at its line', () => {
  const workload = (inner: string, selector = 'app: web') => `apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  selector: { matchLabels: { ${selector} } }
  template:
    metadata: { labels: { app: web } }
    spec:
${inner.replace(/^/gm, '      ')}
`;
  it.each([
    [
      'a request above its limit',
      workload(
        'containers:\n  - name: web\n    image: x\n    resources:\n      requests: { cpu: 2 }\n      limits: { cpu: 1500m }',
      ),
      'spec.template.spec.containers[0].resources.requests.cpu',
      13,
    ],
    [
      'a volume of two sources',
      workload('containers: [{ name: web }]\nvolumes:\n  - { name: a, emptyDir: {}, configMap: { name: x } }'),
      'spec.template.spec.volumes[0]',
      11,
    ],
    [
      'a mount of no volume',
      workload('containers:\n  - name: web\n    volumeMounts: [{ name: data, mountPath: /data }]'),
      'spec.template.spec.containers[0].volumeMounts[0].name',
      11,
    ],
    [
      'two containers of one name',
      workload('containers:\n  - { name: web }\ninitContainers:\n  - { name: web }'),
      'spec.template.spec.initContainers[0].name',
      12,
    ],
    [
      'a limit of the whole pod without a request',
      workload('containers: [{ name: web }]\nresources: { limits: { cpu: 2 } }'),
      'spec.template.spec.resources.limits.cpu',
      10,
    ],
    [
      'a selector of other pods',
      workload('containers: [{ name: web }]', 'app: api'),
      'spec.selector.matchLabels.app',
      5,
    ],
    [
      'a version that its kind never had',
      APP.replace('apiVersion: v1\n', 'apiVersion: networking.k8s.io/v1beta1\n').replace(
        'kind: Service',
        'kind: Ingress',
      ),
      'apiVersion',
      22,
    ],
  ])('%s', (_, text, field, line) => {
    expect(() => check(text)).toThrowError(
      expect.objectContaining({ problems: [expect.objectContaining({ field, line, file: 'm.yaml' })] }),
    );
  });
});

describe('fixes', () => {
  it('make every object pass and keep comments', () => {
    const { fixed } = check(APP);
    expect(check(fixed).findings).toEqual([]);
    expect(fixed).toMatch(/^# my app\n/);
    expect(fixed).toContain('name: web # the name\n');
    expect(fixed).toContain('# sizes\n');
    expect(parseAllDocuments(fixed)).toHaveLength(2);
  });

  it('of one finding replace whole lines, and leave the rest as it is', () => {
    for (const { rule, fix, field } of check(APP).findings) {
      const lines = APP.split('\n');
      lines.splice(fix!.startLine - 1, fix!.endLine - fix!.startLine + 1, fix!.replacement);
      const after = check(lines.join('\n')).findings;
      expect(after.filter((f) => f.rule === rule && f.field === field)).toEqual([]);
      expect(after.length).toBe(check(APP).findings.length - 1);
    }
    const port = check(APP).findings.find((f) => f.rule === 'no-node-port')!.fix!;
    expect(linesOf(APP, port.startLine, port.endLine)).toBe(
      '  type: NodePort\n  ports:\n    - port: 80\n      nodePort: 30080',
    );
    expect(port.replacement).toBe('  type: ClusterIP\n  ports:\n    - port: 80');
  });

  it('mend what can be mended beside what cannot, which is still found', () => {
    const text = APP.replace('ghcr.io/acme/shop:1.0', 'nginx');
    const { findings, fixed } = check(text);
    const deployment = findings.filter((f) => f.object.kind === 'Deployment');
    expect(deployment.filter((f) => f.fix === undefined).map(({ rule }) => rule)).toEqual(['allowed-registries']);
    expect(check(fixed).findings.map(({ rule }) => rule)).toEqual(['allowed-registries']);
    expect(fixed).toContain('image: nginx');
  });

  it('leave every line alone that nothing was wrong with, in any style of writing', () => {
    const text = `# mine
apiVersion: v1
kind:   Service            # wide
metadata: {name: web,   labels: {a: "b"}}
spec:
    type: LoadBalancer
    ports:
    - {port: 80,  nodePort: 30080, name: a}
    -   port: 81
        name: b


---
apiVersion: v1
kind: ConfigMap
metadata:
      name: odd
data: {"k":   'v'}
`;
    const { fixed, findings } = check(text);
    expect(findings.filter(({ fix }) => fix === undefined)).toEqual([]);
    const [before, after] = [text, fixed].map((each) => each.split('\n'));
    expect(after!.filter((line) => !before!.includes(line))).toEqual([
      '    type: ClusterIP',
      '    - {port: 80,  name: a}',
    ]);
    expect(before!.filter((line) => !after!.includes(line))).toEqual([
      '    type: LoadBalancer',
      '    - {port: 80,  nodePort: 30080, name: a}',
    ]);
  });

  it('never write the name of a preview that was only made up to judge by', () => {
    const text =
      'apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: { name: web }\nspec:\n  ingressClassName: nginx\n  rules: [{ host: shop.example.com, http: { paths: [{ path: /, pathType: Prefix, backend: { service: { name: web, port: { number: 80 } } } }] } }]\n';
    const context = { file: 'm.yaml', namespaceObject: CASE_NAMESPACE };
    const { name } = CASE_NAMESPACE.metadata;
    expect(checkText(checker, text, context).fixed).toContain(`${name}.apps.example.com`);
    const { fixed, findings } = checkText(checker, text, { ...context, madeUp: name });
    expect([fixed, findings.map(({ rule, fix }) => [rule, fix])]).toEqual([text, [['own-host', undefined]]]);
  });

  it('of every rule that has any make the refused cases pass', () => {
    const fixable = RULES.filter((rule) => rule.conditions.every((condition) => condition.fix));
    expect(fixable.length).toBeGreaterThan(10);
    const cases = listCases().filter(({ expect: { verdict, schemaInvalid } }) => verdict === 'deny' && !schemaInvalid);
    for (const rule of fixable) {
      const only = createChecker({ params: PARAMS, onlyRules: [rule] });
      for (const c of cases.filter((x) => x.rule === rule.id)) {
        const text = JSON.stringify(c.object);
        const { fixed } = checkText(only, text, { file: 'x', namespaceObject: CASE_NAMESPACE });
        const still = checkText(only, fixed, { file: 'x', namespaceObject: CASE_NAMESPACE }).findings;
        expect(still, `${rule.id} ${c.name}`).toEqual([]);
      }
    }
  });
});

describe('bad input', () => {
  it.each([
    ['broken YAML', 'a: [1'],
    ['a binary file', new Uint8Array([0xff, 0xfe, 0, 1])],
    ['a text that is no object', 'just words'],
    ['a document that is no object', 'apiVersion: v1\nkind: Pod\nmetadata: {}\n---\n- 1\n'],
    ['10 MB', 'x'.repeat(10_000_000)],
    ['an alias', 'apiVersion: v1\nkind: ConfigMap\ndata: &a { x: y }\nother: *a\n'],
    ['deep nesting', `${'['.repeat(5000)}${']'.repeat(5000)}`],
  ])('%s is refused with its place', (_, text) => {
    const started = performance.now();
    expect(() => check(text)).toThrowError(expect.objectContaining({ code: 'invalid-input' }));
    expect(performance.now() - started).toBeLessThan(5000);
  });

  it('names file, line and what is wrong of the document at fault', () => {
    try {
      check('apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\n---\nkind: ConfigMap\n');
      expect.unreachable();
    } catch (error) {
      expect((error as { problems: unknown[] }).problems).toEqual([
        expect.objectContaining({ file: 'm.yaml', line: 5, field: 'apiVersion' }),
      ]);
    }
  });
});
