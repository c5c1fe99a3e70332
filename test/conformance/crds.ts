import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sourceOf } from './go.ts';
import { judgeModule } from './judges.ts';

interface Source {
  /** The judge whose go.mod pins the module. @default crds */
  readonly judge?: string;
  readonly module: string;
  /** Folders or single files of it. */
  readonly paths: readonly string[];
}

const sources = {
  argocd: { module: 'github.com/argoproj/argo-cd/v3', paths: ['manifests/crds'] },
  'cert-manager': { module: 'github.com/cert-manager/cert-manager', paths: ['deploy/crds'] },
  'external-secrets': { module: 'github.com/external-secrets/external-secrets', paths: ['config/crds/bases'] },
  flux: { module: 'github.com/fluxcd/kustomize-controller', paths: ['config/crd/bases'] },
  'flux-notification': {
    judge: 'flux-notification',
    module: 'github.com/fluxcd/notification-controller',
    paths: ['config/crd/bases'],
  },
  'flux-sources': { module: 'github.com/fluxcd/source-controller', paths: ['config/crd/bases'] },
  gatekeeper: {
    judge: 'gator',
    module: 'github.com/open-policy-agent/gatekeeper/v3',
    paths: ['config/crd/bases/constrainttemplate-customresourcedefinition.yaml'],
  },
  'gateway-api': { module: 'sigs.k8s.io/gateway-api', paths: ['config/crd/standard'] },
  knative: { module: 'knative.dev/serving', paths: ['config/core/300-resources'] },
  kyverno: {
    module: 'github.com/kyverno/kyverno',
    paths: ['config/crds/kyverno', 'config/crds/policies.kyverno.io'],
  },
} satisfies Record<string, Source>;

/** A project whose custom resource definitions can be had. */
export type CrdSource = keyof typeof sources;

export const crdSources = Object.keys(sources) as CrdSource[];

/** The YAML files of a project's own custom resource definitions, in the Go module that a judge's go.mod pins. */
export async function crdFiles(source: CrdSource): Promise<string[]> {
  const { judge = 'crds', module, paths }: Source = sources[source];
  const root = await sourceOf(module, judgeModule(judge));
  return paths
    .map((path) => join(root, path))
    .flatMap((path) => (path.endsWith('.yaml') ? [path] : filesIn(path)))
    .filter(
      (file) => file.endsWith('.yaml') && readFileSync(file, 'utf8').includes('\nkind: CustomResourceDefinition\n'),
    );
}

function filesIn(folder: string): string[] {
  return readdirSync(folder)
    .sort()
    .map((name) => join(folder, name));
}
