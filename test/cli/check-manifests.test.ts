import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { inProcess } from '../support/command.ts';
import { tempFolder } from '../support/git.ts';
import { platformText, previewText } from '../support/inputs.ts';
import { workerManifest } from '../support/worker-manifest.ts';

const secret = (target: string) => `apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: { name: keys }
spec:
  secretStoreRef: { kind: ClusterSecretStore, name: previews }
  target: { name: keys, ${target} }
  data: [{ secretKey: A, remoteRef: { key: acme/shop/a } }]
`;

async function check(manifest: string) {
  const folder = tempFolder();
  const files = {
    'greenroom.yaml': platformText('secrets: { prefix: "{owner}/{repo}/" }'),
    'preview.yaml': previewText('manifests: k8s'),
    'k8s/a.yaml': manifest,
  };
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  const { code, stdout } = await inProcess(['check', 'preview.yaml', '--repo', 'acme/shop', '--pr', '7'], folder);
  return { code, stdout, rules: [...stdout.matchAll(/\[([\w-]+)\]$/gm)].map(([, rule]) => rule) };
}

describe('a manifest of a maker’s own', () => {
  test.each([
    ['plain', workerManifest({})],
    ['with a secret of its own', secret('creationPolicy: Owner')],
  ])('passes: %s', async (_, manifest) => {
    expect(await check(manifest)).toMatchObject({ code: 0, rules: [] });
  });

  test.each([
    [
      'an ExternalSecret that writes another kind',
      secret('manifest: { apiVersion: v1, kind: ConfigMap }'),
      'plain-secrets',
    ],
    ['an ExternalSecret that adds to a Secret of others', secret('creationPolicy: Merge'), 'plain-secrets'],
    ['name servers of its own', workerManifest({ pod: 'dnsConfig: { nameservers: [203.0.113.7] }' }), 'cluster-dns'],
    ['no name servers of the cluster', workerManifest({ pod: 'dnsPolicy: None' }), 'cluster-dns'],
    [
      'names of hosts of its own',
      workerManifest({ pod: 'hostAliases: [{ ip: 203.0.113.7, hostnames: [login.example.com] }]' }),
      'cluster-dns',
    ],
    [
      'an owner',
      workerManifest({ metadata: ', ownerReferences: [{ apiVersion: v1, kind: ConfigMap, name: other, uid: u }]' }),
      'no-owners',
    ],
    [
      'a login for images that is not there',
      workerManifest({ pod: 'imagePullSecrets: [{ name: gone }]' }),
      'no-dangling-references',
    ],
    [
      'variables that are not there',
      workerManifest({ container: 'envFrom: [{ configMapRef: { name: gone } }]' }),
      'no-dangling-references',
    ],
    [
      'a disk in memory without end',
      workerManifest({ pod: 'volumes: [{ name: tmp, emptyDir: { medium: Memory, sizeLimit: 1Ti } }]' }),
      'max-size',
    ],
  ])('is refused before it is committed: %s', async (_, manifest, rule) => {
    const { code, rules, stdout } = await check(manifest);
    expect(rules, stdout).toContain(rule);
    expect(code).toBe(3);
  });
});
