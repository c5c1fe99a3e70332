import { CLAIM, PODS } from '../resources.ts';
import { type Condition, defineRule, listAt, VOLUMES } from '../rule.ts';
import { examplePod } from './examples.ts';

const CLAIMS_ALLOWED = '"PersistentVolumeClaim" in params.allowedKinds';
/** New and empty: not bound to an existing volume, and not filled from another one. */
const isFresh = (claim: string): string =>
  ['volumeName', 'dataSource', 'dataSourceRef', 'selector']
    .map((field) => `!${claim}.?${field}.hasValue()`)
    .join(' && ');

const claims: Condition = {
  over: listAt('spec.volumeClaimTemplates'),
  cel: `object.kind != "StatefulSet" || (${CLAIMS_ALLOWED} && ${isFresh('it.?spec')})`,
  field: '',
  found: '"claim template " + it.?metadata.?name.orValue("")',
};

export const ownVolumes = defineRule({
  id: 'own-volumes',
  title: 'No storage from before or after the preview',
  message:
    'A volume comes from a storage driver or a claim, which previews must not use: use emptyDir (its contents go with the pod), or ask {contact}.',
  source: 'Kubernetes documentation: CSI volumes, ephemeral volumes, volume cloning; Secrets Store CSI driver',
  why: "Drivers read secret stores and shares with their own permissions. Claims can be bound to somebody else's data. Disks remain, and cost money, after the preview has ended.",
  scope: 'makers',
  match: [...PODS, CLAIM],
  conditions: [
    { over: VOLUMES, cel: '!has(it.csi)', field: 'csi', found: 'it.?csi.?driver.orValue("csi")' },
    {
      over: VOLUMES,
      cel: `!has(it.ephemeral) || (${CLAIMS_ALLOWED} && ${isFresh('it.ephemeral.?volumeClaimTemplate.?spec')})`,
      field: 'ephemeral',
      found: '"an ephemeral claim"',
    },
    {
      over: VOLUMES,
      cel: `!has(it.persistentVolumeClaim) || ${CLAIMS_ALLOWED}`,
      field: 'persistentVolumeClaim',
      found: '"claim " + it.persistentVolumeClaim.?claimName.orValue("")',
    },
    claims,
    {
      cel: `object.kind != "PersistentVolumeClaim" || (${isFresh('dyn(object).?spec')})`,
      field: 'spec',
    },
  ],
  examples: {
    good: examplePod({ spec: 'volumes: [{ name: tmp, emptyDir: {} }]' }),
    bad: examplePod({ spec: 'volumes: [{ name: keys, csi: { driver: secrets-store.csi.k8s.io } }]' }),
  },
});
