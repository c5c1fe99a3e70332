import type { Stranger } from './load.ts';
import { API_VERSION } from './scalars.ts';

/** How a correct file starts, on one line. */
const BEGINNING = `apiVersion: ${API_VERSION}, kind: Preview, spec: { template: web-service, image: ghcr.io/<owner>/<name> }`;

/**
 * Describes a file of another kind in place of a preview.yaml, in one sentence instead of one per line. Undefined for
 * files that try to be a preview.
 */
export function strangerIn(value: unknown): Stranger | undefined {
  const name = nameOf(value);
  const beside = besideSpec(value);
  if (beside.length > 0) {
    const message = `has ${beside.join(', ')} next to spec, where they have no effect: write them below spec, each line indented by two spaces`;
    return { path: beside.slice(0, 1), message };
  }
  if (name === undefined) return undefined;
  return { path: [], message: `is ${name}, not a preview.yaml; one begins with ${BEGINNING}` };
}

/** The message for a file without content. */
export const EMPTY_PREVIEW = `is empty; a preview.yaml begins with ${BEGINNING}`;

/** Settings at the top level of a file with no or an empty spec: the lines below `spec:` are not indented. */
function besideSpec(value: unknown): string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
  const file = value as Readonly<Record<string, unknown>>;
  if ((file.spec ?? null) !== null || file.kind !== 'Preview') return [];
  return Object.keys(file).filter((key) => OWN_SETTINGS.has(key));
}

function nameOf(value: unknown): string | undefined {
  if (Array.isArray(value)) return 'a list';
  // A Dockerfile, a .env file or HTML is one long text for a YAML reader.
  if (typeof value === 'string') return 'plain text';
  if (typeof value !== 'object' || value === null) return undefined;
  const file = value as Readonly<Record<string, unknown>>;
  const has = (...keys: string[]) => keys.every((key) => Object.hasOwn(file, key));
  const { apiVersion, kind } = file;
  if (typeof apiVersion === 'string' && apiVersion.startsWith('greenroom.dev/')) {
    return kind === 'Platform' ? "a platform's greenroom.yaml" : kind === 'Exception' ? 'an exception' : undefined;
  }
  if (typeof kind === 'string' && /^Kustomization$/.test(kind)) return 'a kustomization';
  if (typeof apiVersion === 'string' && apiVersion.startsWith('score.dev/')) return 'a Score file';
  if (typeof apiVersion === 'string' && apiVersion.startsWith('skaffold/')) return 'a Skaffold file';
  if (typeof apiVersion === 'string' && typeof kind === 'string' && has('metadata')) {
    return `a Kubernetes ${/^[A-Za-z0-9]{1,63}$/.test(kind) ? kind : 'object'}`;
  }
  if (has('apiVersion', 'name', 'version') && !has('spec')) return 'a Helm Chart.yaml';
  if (has('services') && !has('spec')) return 'a compose file';
  if (has('jobs')) return 'a workflow';
  if (has('resources') && !has('spec') && Array.isArray(file.resources)) return 'a kustomization';
  return Object.keys(file).every((key) => !OWN_KEYS.has(key.toLowerCase())) ? "another tool's file" : undefined;
}

/** Keys at the top of a preview.yaml, and settings that makers put there by mistake. */
const OWN_KEYS: ReadonlySet<string> = new Set([
  ...['apiversion', 'kind', 'spec', 'template', 'port', 'size', 'health', 'env', 'secrets', 'ttl'],
]);

/** Settings that belong below `spec`. */
const OWN_SETTINGS: ReadonlySet<string> = new Set([
  ...['template', 'image', 'port', 'size', 'health', 'command', 'args', 'env', 'secrets', 'ttl', 'manifests', 'apps'],
]);
