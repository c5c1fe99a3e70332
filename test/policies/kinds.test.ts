import { readFileSync } from 'node:fs';
import { describe, expect, it, test } from 'vitest';
import { parse } from 'yaml';
import { objectFieldProblems } from '../../lib/policies/kinds/fields.ts';
import { formatPath } from '../../lib/policies/paths.ts';
import { listCases } from './cases.ts';
import { UNSET, WRONG } from './empty-texts.ts';

const said = (text: string): string[] =>
  objectFieldProblems(parse(text)).map(({ path, message }) => `${formatPath(path)}: ${message}`);

const pod = (more: string, kind = 'apps/v1, kind: Deployment') => `{ apiVersion: ${kind}, metadata: { name: web },
  spec: { selector: { matchLabels: { app: web } }, template: { metadata: { labels: { app: web } }, spec: { ${more} } } } }`;
const container = (more: string) => pod(`containers: [{ name: web, ${more} }]`);
const at = 'spec.template.spec.containers[0]';

describe('what an API server refuses of a kind is said before commit', () => {
  test.each([
    [
      'a number in quotes',
      container('ports: [{ containerPort: "8080" }]'),
      `${at}.ports[0].containerPort: must be a whole number without quotes; found the text "8080"`,
    ],
    [
      'ports as in a compose file',
      container('ports: ["8080:80"]'),
      `${at}.ports[0]: must be a map; found the text "8080:80"`,
    ],
    ['variables as in a compose file', container('env: { A: b }'), `${at}.env: must be a list; found a map`],
    [
      'a bare number as a value',
      container('env: [{ name: A, value: 8080 }]'),
      `${at}.env[0].value: must be a text (put it in quotes); found 8080`,
    ],
    [
      'a command as one text',
      container('command: npm start'),
      `${at}.command: must be a list; found the text "npm start"`,
    ],
    [
      'a field in lower case',
      pod('hostnetwork: true, containers: [{ name: web }]'),
      'spec.template.spec.hostnetwork: Kubernetes has no such field in spec; did you mean hostNetwork?',
    ],
    ['a name missing', pod('containers: [{ image: x }]'), `${at}: needs name, which is missing`],
    [
      'a value of no list',
      container('imagePullPolicy: always'),
      `${at}.imagePullPolicy: must be one of Always, IfNotPresent, Never; found always`,
    ],
    [
      'a port of no network',
      container('ports: [{ containerPort: 70000 }]'),
      `${at}.ports[0].containerPort: must be from 1 to 65535; found 70000`,
    ],
    [
      'two ways to look',
      container('livenessProbe: { exec: { command: [a] }, tcpSocket: { port: 1 } }'),
      `${at}.livenessProbe: must contain one of exec, grpc, httpGet, tcpSocket; found exec and tcpSocket`,
    ],
    [
      'a pod that ends',
      pod('restartPolicy: Never, containers: [{ name: web }]'),
      'spec.template.spec.restartPolicy: of a Deployment must be Always; found Never',
    ],
    [
      'a job that does not',
      '{ apiVersion: batch/v1, kind: Job, metadata: { name: a }, spec: { template: { spec: { containers: [{ name: a }] } } } }',
      'spec.template.spec: restartPolicy of a Job must be OnFailure or Never; found Always, which is filled in',
    ],
    [
      'a probe of no port',
      container('livenessProbe: { httpGet: { port: 99999 } }'),
      `${at}.livenessProbe.httpGet.port: must be a port from 1 to 65535 or the name of one; found 99999`,
    ],
    [
      'a probe of a port by a name that is none',
      container('readinessProbe: { tcpSocket: { port: "8080" } }'),
      `${at}.readinessProbe.tcpSocket.port: must be a port from 1 to 65535 or the name of one; found 8080`,
    ],
    [
      'a hook that does nothing',
      container('lifecycle: { preStop: {} }'),
      `${at}.lifecycle.preStop: must contain one of exec, httpGet, sleep, tcpSocket; found none`,
    ],
    [
      'a host name in capitals',
      pod('hostname: WEB, containers: [{ name: web }]'),
      'spec.template.spec.hostname: must be at most 63 lower-case letters, digits and dashes, with a letter or digit at both ends; found WEB',
    ],
    [
      'no time at all',
      pod('terminationGracePeriodSeconds: -1, containers: [{ name: web }]'),
      'spec.template.spec.terminationGracePeriodSeconds: must be at least 0; found -1',
    ],
    [
      'pods spread by nothing',
      pod(
        'topologySpreadConstraints: [{ maxSkew: 0, topologyKey: a, whenUnsatisfiable: DoNotSchedule }], containers: [{ name: web }]',
      ),
      'spec.template.spec.topologySpreadConstraints[0].maxSkew: must be at least 1; found 0',
    ],
    [
      'a mode in decimal',
      pod('volumes: [{ name: a, secret: { secretName: b, defaultMode: 644 } }], containers: [{ name: web }]'),
      'spec.template.spec.volumes[0].secret.defaultMode: must be from 0 to 511; found 644',
    ],
    [
      'a way out of a volume',
      container('volumeMounts: [{ name: a, mountPath: /a, subPath: ../b }]'),
      `${at}.volumeMounts[0].subPath: must be a path without .. that begins with no slash; found ../b`,
    ],
    [
      'a Service to no port',
      '{ apiVersion: v1, kind: Service, metadata: { name: a }, spec: { ports: [{ port: 80, targetPort: 0 }] } }',
      'spec.ports[0].targetPort: must be a port from 1 to 65535 or the name of one; found 0',
    ],
    [
      'a host with a port',
      '{ apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: { name: a }, spec: { rules: [{ host: "a.example.com:80" }] } }',
      'spec.rules[0].host: must be a lower-case host without a port; found a.example.com:80',
    ],
    [
      'a route to nothing',
      '{ apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: { name: a }, spec: { rules: [{ http: { paths: [{ path: /, pathType: Prefix, backend: {} }] } }] } }',
      'spec.rules[0].http.paths[0].backend: must contain one of resource, service; found none',
    ],
    [
      'a budget of both kinds',
      '{ apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: { name: a }, spec: { minAvailable: 1, maxUnavailable: 1 } }',
      'spec.minAvailable: cannot be used with maxUnavailable; keep one of the two',
    ],
    [
      'an update that cannot begin',
      '{ apiVersion: apps/v1, kind: Deployment, metadata: { name: a }, spec: { strategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: 0 } }, selector: { matchLabels: { a: b } }, template: { spec: { containers: [{ name: a }] } } } }',
      'spec.strategy.rollingUpdate.maxUnavailable: must not be 0 if maxSurge is 0: no update could begin',
    ],
    [
      'a label that is a number',
      '{ apiVersion: v1, kind: ConfigMap, metadata: { name: a, labels: { version: 1 } } }',
      'metadata.labels.version: must be a text (put it in quotes); found 1',
    ],
    [
      'a label of two words',
      '{ apiVersion: v1, kind: ConfigMap, metadata: { name: a, labels: { tier: front end } } }',
      'metadata.labels: contains tier: front end; a label is at most 63 letters, digits, - _ . with a letter or digit at both ends',
    ],
    [
      'ports without names',
      '{ apiVersion: v1, kind: Service, metadata: { name: a }, spec: { ports: [{ port: 1, name: b }, { port: 2 }] } }',
      'spec.ports[1]: needs a name, since the Service has several ports',
    ],
    [
      'a backend of former versions',
      '{ apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: { name: a }, spec: { defaultBackend: { serviceName: a } } }',
      'spec.defaultBackend.serviceName: Kubernetes has no such field in defaultBackend; remove it',
    ],
    [
      'a schedule in words',
      '{ apiVersion: batch/v1, kind: CronJob, metadata: { name: a }, spec: { schedule: daily, jobTemplate: {} } }',
      'spec.schedule: must be a cron schedule of five parts, such as */5 * * * *; found daily',
    ],
    [
      'more at least than at most',
      '{ apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: { name: a }, spec: { minReplicas: 3, maxReplicas: 2, scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: a } } }',
      'spec.minReplicas: must not be above maxReplicas; found 3, maxReplicas is 2',
    ],
  ])('%s', (_, text, sentence) => {
    expect(said(text)).toEqual([sentence]);
  });

  it('takes placeholders, which are filled in later, and kinds that it does not know', () => {
    expect(said(container('ports: [{ containerPort: "${number}" }]'))).toEqual([]);
    expect(said('{ apiVersion: acme.example/v1, kind: Widget, size: big }')).toEqual([]);
  });

  it('takes an empty text for none where Kubernetes does, and nowhere else', () => {
    for (const text of UNSET) expect(said(text), text).toEqual([]);
    for (const text of WRONG) expect(said(text), text).not.toEqual([]);
  });

  it('takes what the real API server takes: every case that passes', () => {
    const passing = listCases().filter(
      ({ expect: { verdict, schemaInvalid, inProcessOnly } }) =>
        verdict === 'allow' && !schemaInvalid && inProcessOnly === undefined,
    );
    expect(passing.length).toBeGreaterThan(100);
    const refused = passing.flatMap(({ name, object }) =>
      objectFieldProblems(JSON.parse(JSON.stringify(object))).map(
        ({ path, message }) => `${name}: ${formatPath(path)}: ${message}`,
      ),
    );
    expect(refused, 'lib/policies/kinds is too strict, or the case needs `schemaInvalid: true`').toEqual([]);
  });

  it('takes the manifests of the example that has its own', () => {
    for (const file of ['import.yaml', 'queue.yaml']) {
      const text = readFileSync(new URL(`../../previews/usual/own-manifests/k8s/${file}`, import.meta.url), 'utf8');
      for (const document of text.split(/^---$/m)) expect(said(document)).toEqual([]);
    }
  });
});
