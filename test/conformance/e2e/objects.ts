import type { Cluster } from '../cluster.ts';

// biome-ignore lint/suspicious/noExplicitAny: objects of the API server are read as plain data
export type Json = any;

const inNamespace = (namespace?: string) => (namespace === undefined ? [] : [`--namespace=${namespace}`]);

/** Reads a cluster's objects. */
export class Objects {
  readonly #cluster: Cluster;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /** One object of several kinds or a list, with further arguments of `kubectl get`. */
  async get(kind: string, ...args: string[]): Promise<Json> {
    return JSON.parse(await this.#cluster.kubectl(['get', kind, ...args, '--output=json']));
  }

  /** The object that a manifest names. */
  find({ kind, apiVersion, metadata }: Json): Promise<Json> {
    const [version, group] = apiVersion.split('/').reverse();
    const resource = group === undefined ? kind : `${kind}.${version}.${group}`;
    return this.get(resource, metadata.name, ...inNamespace(metadata.namespace));
  }

  async exists(kind: string, name: string, namespace?: string): Promise<boolean> {
    const place = inNamespace(namespace);
    return (await this.#cluster.kubectl(['get', kind, name, ...place, '--ignore-not-found', '--output=name'])) !== '';
  }
}
