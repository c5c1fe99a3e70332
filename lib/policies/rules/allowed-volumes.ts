import { PODS } from '../resources.ts';
import { defineRule, VOLUMES } from '../rule.ts';
import { examplePod } from './examples.ts';

const ALLOWED = [
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'image',
  'persistentVolumeClaim',
  'projected',
  'secret',
];

// The API server treats a volume without a type as an emptyDir.
const CEL = `it.all(k, k == "name") || ${ALLOWED.map((type) => `has(it.${type})`).join(' || ')}`;

export const allowedVolumes = defineRule({
  id: 'allowed-volumes',
  title: 'Only harmless kinds of volumes',
  message:
    'A volume has a kind that previews must not use: use emptyDir, configMap, secret, projected or downwardAPI, or ask {contact}.',
  source: 'Pod Security Standards, restricted: Volume Types',
  why: 'Other kinds access the node or storage systems with permissions that the pod does not have.',
  match: PODS,
  conditions: [{ over: VOLUMES, cel: CEL, field: '' }],
  examples: {
    good: examplePod({ spec: 'volumes: [{ name: tmp, emptyDir: {} }]' }),
    bad: examplePod({ spec: 'volumes: [{ name: share, nfs: { server: files.example.com, path: / } }]' }),
  },
});
