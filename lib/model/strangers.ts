import { API_VERSION } from './scalars.ts';

/** How a right file begins, on one line. */
const BEGINNING = `apiVersion: ${API_VERSION}, kind: Preview, spec: { template: web-service, image: ghcr.io/<owner>/<name> }`;

/**
 * What a file is that lies in the place of a preview.yaml, in one sentence instead of one for each of its lines.
 * Undefined for what tries to be a preview.
 */
export function strangerIn(value: unknown): string | undefined {
  const name = nameOf(value);
  return name === undefined ? undefined : `is ${name}, not a preview.yaml; one begins with ${BEGINNING}`;
}

/** The sentence for a file without content. */
export const EMPTY_PREVIEW = `is empty; a preview.yaml begins with ${BEGINNING}`;

function nameOf(value: unknown): string | undefined {
  if (Array.isArray(value)) return 'a list';
  if (typeof value !== 'object' || value === null) return undefined;
  const file = value as Readonly<Record<string, unknown>>;
  const has = (...keys: string[]) => keys.every((key) => Object.hasOwn(file, key));
  const { apiVersion, kind } = file;
  if (typeof apiVersion === 'string' && apiVersion.startsWith('greenroom.dev/')) {
    return kind === 'Platform' ? "a platform's greenroom.yaml" : kind === 'Exception' ? 'an exception' : undefined;
  }
  if (typeof kind === 'string' && /^Kustomization$/.test(kind)) return 'a kustomization';
  if (typeof apiVersion === 'string' && apiVersion.startsWith('score.dev/')) return 'a Score file';
  if (typeof apiVersion === 'string' && typeof kind === 'string' && has('metadata')) {
    return `a Kubernetes ${/^[A-Za-z0-9]{1,63}$/.test(kind) ? kind : 'object'}`;
  }
  if (has('apiVersion', 'name', 'version') && !has('spec')) return 'a Helm Chart.yaml';
  if (has('services') && !has('spec')) return 'a compose file';
  if (has('jobs')) return 'a workflow';
  if (has('resources') && !has('spec') && Array.isArray(file.resources)) return 'a kustomization';
  return Object.keys(file).every((key) => !OWN_KEYS.has(key.toLowerCase())) ? "another tool's file" : undefined;
}

/** What a preview.yaml begins with, and what makers write at its top by mistake. */
const OWN_KEYS: ReadonlySet<string> = new Set([
  ...['apiversion', 'kind', 'spec', 'template', 'port', 'size', 'health', 'env', 'secrets', 'ttl'],
]);
