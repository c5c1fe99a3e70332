import { createCompiler } from '../../../lib/compile/compile.ts';
import { invalidInput } from '../../../lib/core/errors.ts';
import type { FileSet } from '../../../lib/core/fileset.ts';
import { loadPlatform, loadPreview } from '../../../lib/model/files.ts';
import { ENGINES, type PlatformSpec, RECONCILER_NAMES } from '../../../lib/model/platform.ts';
import { TEMPLATE_NAMES } from '../../../lib/model/templates/index.ts';
import { type ScaffoldInput, scaffoldFiles } from '../../../lib/scaffold/files.ts';
import { readScaffoldTemplate } from '../../../lib/scaffold/template.ts';
import { anyPreview, ROOMY_PLATFORM } from '../../support/any-preview.ts';
import fc from '../../support/property.ts';
import { sealedLike } from '../../support/sealed.ts';
import { compileUsual, USUAL_APPS } from '../../support/usual-apps.ts';

interface Configuration {
  readonly platformText: string;
  readonly platform: PlatformSpec;
}

const INGRESS = ['ingress', 'gateway'] as const;
const KNATIVE = [false, true] as const;
const SECRETS = ['external-secrets', 'sealed-secrets', 'sops'] as const;

/** Every way to choose one of each. */
function* product<const T extends Readonly<Record<string, readonly unknown[]>>>(
  choices: T,
): Generator<{ [K in keyof T]: T[K][number] }> {
  const [first, ...rest] = Object.entries(choices);
  if (first === undefined) {
    yield {} as { [K in keyof T]: T[K][number] };
    return;
  }
  const [key, values] = first;
  for (const value of values) {
    for (const other of product(Object.fromEntries(rest))) {
      yield { [key]: value, ...other } as { [K in keyof T]: T[K][number] };
    }
  }
}

/** The smallest platform that says all there is to say of fences, with further fields. */
export function configuration(spec: object): Configuration {
  const platformText = JSON.stringify({
    apiVersion: 'greenroom.dev/v1alpha1',
    kind: 'Platform',
    spec: {
      domain: 'apps.example.com',
      sources: [{ owner: 'acme' }],
      registries: ['ghcr.io/acme'],
      testHarness: ['192.0.2.0/24'],
      egress: [{ cidr: '0.0.0.0/0', ports: [443] }],
      spot: { label: { key: 'spot', value: 'true' }, toleration: { key: 'spot', value: 'true' } },
      ...spec,
    },
  });
  return {
    platformText,
    platform: loadPlatform(platformText, 'greenroom.yaml').value.spec,
  };
}

/** What `init` lays down for a configuration, without the command itself. */
export function laidDown(chosen: Pick<ScaffoldInput, 'platform' | 'platformText'>): FileSet {
  return scaffoldFiles({ ...chosen, exceptions: [], version: '1.0.0', template: readScaffoldTemplate(), command: '' });
}

/** Path and text of each file that an apps repo is laid down with: each engine, route and reconciler, with Knative and without, and all engines at once. */
export function* scaffolds(): Generator<[label: string, path: string, text: string]> {
  const engines = [...ENGINES.map((engine) => [engine]), [...ENGINES]];
  const choices = { engine: engines, ingress: INGRESS, knative: KNATIVE, reconciler: RECONCILER_NAMES };
  for (const { engine, ingress, knative, reconciler } of product(choices)) {
    // Refused before anything is written: Kyverno would take no such policy, and Flux would restore what has ended.
    if (knative && engine.includes('kyverno-legacy')) continue;
    if (reconciler === 'flux' && !engine.includes('kyverno')) continue;
    const chosen = configuration({
      reconciler,
      policies: { engines: engine },
      ingress: { kind: ingress },
      knative,
      clusters: [
        { name: 'big', server: 'https://big.example.com', when: { sizes: ['large'] } },
        { name: 'main', server: 'https://kubernetes.default.svc' },
      ],
      evidence: {
        require: ['digest', 'signature', 'sbom', 'vulnerabilities'],
        keys: [KEY],
        identities: [
          { issuer: 'https://token.actions.githubusercontent.com', subject: 'https://github.com/acme/shop' },
        ],
        trustedRoots: ['trust/sigstore.json'],
      },
    });
    const files = laidDown(chosen);
    for (const [path, text] of files)
      yield [`${reconciler}, ${engine.join(' ')}, ${ingress}${knative ? ', Knative' : ''}`, path, text];
  }
}

const KEY = `-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEBYReGepm9m5Ar/4bLd8Eh7Ix6lrZ
cqN12endrxF/ICj5jdeSKLpSIrrIIf0ppT6sqmuGwZX2Ejy47OLFjStaGQ==
-----END PUBLIC KEY-----
`;

/** A maker's own manifests: one of each kind that the rules allow them by default and that runs without the others. */
const MAKERS = `apiVersion: v1
kind: ConfigMap
metadata: { name: settings }
data: { level: debug }
---
apiVersion: v1
kind: Service
metadata: { name: cache }
spec: { selector: { app: cache }, ports: [{ port: 6379 }] }
---
apiVersion: batch/v1
kind: Job
metadata: { name: seed }
spec:
  template:
    spec:
      restartPolicy: Never
      automountServiceAccountToken: false
      securityContext: { runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: RuntimeDefault } }
      containers:
        - name: seed
          image: ghcr.io/acme/seed@sha256:${'a'.repeat(64)}
          resources: { requests: { cpu: 100m, memory: 64Mi }, limits: { cpu: 200m, memory: 128Mi } }
          securityContext:
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            capabilities: { drop: [ALL] }
`;

/** The usual apps of makers, on each way in. */
export function* usualApps(): Generator<[label: string, path: string, text: string]> {
  for (const [app, settings] of USUAL_APPS.flatMap((name) => ['', 'knative: true'].map((s) => [name, s] as const))) {
    for (const [path, text] of compileUsual(app, settings).files) yield [`${app} ${settings}`, path, text];
  }
}

/** Previews of any file that is right. */
export function* anyPreviews(): Generator<[label: string, path: string, text: string]> {
  const { platform } = configuration({ ...ROOMY_PLATFORM, ingress: { kind: 'gateway' } });
  const compile = createCompiler({ platform, now: AT });
  for (const [number, spec] of fc.sample(anyPreview, { numRuns: 40, seed: 20261124 }).entries()) {
    const text = JSON.stringify({ apiVersion: 'greenroom.dev/v1alpha1', kind: 'Preview', spec });
    const { files } = compile({
      preview: loadPreview(text, 'preview.yaml'),
      manifests: null,
      identity: { repositoryId: 42, owner: 'acme', repository: 'any', number: number + 1 },
      headSha: 'a'.repeat(40),
      author: 'mia',
      labels: [],
      times: { createdAt: AT, updatedAt: AT, committedAt: AT },
    });
    for (const [path, content] of files) yield [text, path, content];
  }
}

const SEALED: [path: string, text: string] = [
  'k8s/sealed.yaml',
  `apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: { name: preview-secrets }\nspec: { encryptedData: { key: ${sealedLike()} } }\n`,
];

/** Where nothing has to be read: the recipients alone are compared. */
const SOPS = { recipients: ['age1xwrmwg4sq7wczahqtlsh8a8crkr0cxxamv29538gycw5z3ez3smskdh9e3'], plugin: true };

/** Path and text of each file of a preview: each template, route, secret mechanism, and with manifests of a maker's own. */
export function* previews(): Generator<[label: string, path: string, text: string]> {
  const platforms = product({ ingress: INGRESS, knative: KNATIVE, mechanism: SECRETS, reconciler: RECONCILER_NAMES });
  for (const { ingress, knative, mechanism, reconciler } of platforms) {
    const { platform } = configuration({
      reconciler,
      ingress: { kind: ingress },
      knative,
      secrets: { mechanism, ...(mechanism === 'sops' && { sops: SOPS }) },
    });
    const compile = createCompiler({ platform, now: AT });
    for (const { template, makers } of product({
      template: TEMPLATE_NAMES,
      makers: [false, true],
    })) {
      const preview = {
        template,
        image: 'ghcr.io/acme/shop',
        env: { LEVEL: 'off' },
        // Without what is encrypted beside it an app would not start, and is refused.
        ...((mechanism === 'external-secrets' || (mechanism === 'sealed-secrets' && makers)) && {
          secrets: { KEY: 'acme/shop/key' },
        }),
      };
      const spec = makers ? { ...preview, manifests: 'k8s' } : preview;
      const text = JSON.stringify({ apiVersion: 'greenroom.dev/v1alpha1', kind: 'Preview', spec });
      const chosen = `${reconciler}, ${template}, ${ingress}, ${mechanism}${knative ? ', Knative' : ''}${makers ? ' with manifests' : ''}`;
      const { files, denied, findings } = compile({
        preview: loadPreview(text, 'preview.yaml'),
        manifests: makers
          ? new Map([['k8s/own.yaml', MAKERS], ...(mechanism === 'sealed-secrets' ? [SEALED] : [])])
          : null,
        identity: { repositoryId: 42, owner: 'acme', repository: 'shop', number: 7 },
        headSha: 'a'.repeat(40),
        author: 'mia',
        labels: [],
        times: { createdAt: AT, updatedAt: AT, committedAt: AT },
      });
      if (denied) throw invalidInput([{ message: `${chosen}: ${JSON.stringify(findings)}` }]);
      // Nothing here defines SealedSecrets, which are the maker's own text.
      for (const [path, content] of files) if (!path.includes('/sealedsecret.')) yield [chosen, path, content];
    }
  }
}

/** 24 November 2026, 08:00 UTC. */
const AT = Date.UTC(2026, 10, 24, 8) / 1000;
