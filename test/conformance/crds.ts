import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sourceOf } from './go.ts';
import { judgeModule } from './judges.ts';

const sources = {
  argocd: { module: 'github.com/argoproj/argo-cd/v3', folders: ['manifests/crds'] },
  'cert-manager': { module: 'github.com/cert-manager/cert-manager', folders: ['deploy/crds'] },
  'external-secrets': { module: 'github.com/external-secrets/external-secrets', folders: ['config/crds/bases'] },
  flux: { module: 'github.com/fluxcd/kustomize-controller', folders: ['config/crd/bases'] },
  'gateway-api': { module: 'sigs.k8s.io/gateway-api', folders: ['config/crd/standard'] },
  knative: { module: 'knative.dev/serving', folders: ['config/core/300-resources'] },
  kyverno: {
    module: 'github.com/kyverno/kyverno',
    folders: ['config/crds/kyverno', 'config/crds/policies.kyverno.io'],
  },
} satisfies Record<string, { module: string; folders: readonly string[] }>;

/** A project whose custom resource definitions can be had. */
export type CrdSource = keyof typeof sources;

export const crdSources = Object.keys(sources) as CrdSource[];

/** The YAML files of a project's own custom resource definitions, in the Go module that judges/crds pins. */
export async function crdFiles(source: CrdSource): Promise<string[]> {
  const { module, folders } = sources[source];
  const root = await sourceOf(module, judgeModule('crds'));
  return folders
    .flatMap((folder) =>
      readdirSync(join(root, folder))
        .sort()
        .map((name) => join(root, folder, name)),
    )
    .filter(
      (file) => file.endsWith('.yaml') && readFileSync(file, 'utf8').includes('\nkind: CustomResourceDefinition\n'),
    );
}
