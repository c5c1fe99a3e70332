import { isRecord } from '../core/json.ts';

/**
 * Describes a file in the manifests folder that is for another tool and not a Kubernetes object: one sentence instead
 * of one per missing field. Undefined for all other files.
 */
export function foreignFile(path: string, documents: readonly unknown[], text: string): string | undefined {
  const name = path.slice(path.lastIndexOf('/') + 1).toLowerCase();
  const [first] = documents;
  if (/^kustomization\.ya?ml$/.test(name) || isOf(first, 'kustomize.config.k8s.io/')) {
    return 'is for kustomize, which does not run here: commit what `kustomize build` prints, and leave this file out of the folder';
  }
  const isChart = /^(chart|values([._-].*)?)\.ya?ml$/.test(name);
  if (isChart && !isObject(first)) {
    return 'belongs to a Helm chart, which is not rendered here: commit what `helm template` prints, and leave the chart out of the folder';
  }
  if (
    /\{\{-?\s*(\.|include|template|if|with|range|toYaml|tpl)\b/.test(text) ||
    /\{\{-?\s*\.(Values|Release|Chart)\b/.test(text)
  ) {
    return 'is a template of a Helm chart, which is not rendered here: commit what `helm template` prints';
  }
  if (isRecord(first) && isRecord(first['services']) && !isObject(first)) {
    return 'is a compose file, not Kubernetes objects: `greenroom import compose` makes a preview.yaml of it';
  }
  if (isOf(first, 'skaffold/') || /^skaffold\.ya?ml$/.test(name) || /^(docker-)?compose(\..*)?\.ya?ml$/.test(name)) {
    return 'is a file for another tool and contains no Kubernetes objects: remove it from the folder';
  }
  return undefined;
}

function isOf(value: unknown, group: string): boolean {
  return isRecord(value) && typeof value['apiVersion'] === 'string' && value['apiVersion'].startsWith(group);
}

function isObject(value: unknown): boolean {
  return isRecord(value) && typeof value['apiVersion'] === 'string' && typeof value['kind'] === 'string';
}
