import { at } from '../../core/json.ts';
import { amount, list, podSpecOf } from './pods.ts';

/** Disks that are claimed. */
export interface Claims {
  readonly count: number;
  /** Bytes of all of them. */
  readonly storage: number;
}

/**
 * The disks that a manifest claims: its own, and those that its pods bring each. A disk stays when a StatefulSet gets
 * smaller, so that the most pods there can be count.
 *
 * @param pods the most at a time
 */
export function claimsOf(manifest: object, pods: number): Claims {
  const kind = at(manifest, 'kind');
  if (kind === 'PersistentVolumeClaim') return { count: 1, storage: requested(at(manifest, 'spec')) };
  const templates = kind === 'StatefulSet' ? list(at(manifest, 'spec', 'volumeClaimTemplates')) : [];
  const volumes = list(at(podSpecOf(manifest).spec, 'volumes')).map((volume) =>
    at(volume, 'ephemeral', 'volumeClaimTemplate'),
  );
  const each = [...templates, ...volumes.filter((template) => template !== undefined)];
  const storage = each.reduce<number>((sum, template) => sum + requested(at(template, 'spec')), 0);
  return { count: pods * each.length, storage: pods * storage };
}

function requested(spec: unknown): number {
  return amount(at(spec, 'resources', 'requests', 'storage'));
}
