import { PODS } from '../resources.ts';
import { defineRule } from '../rule.ts';
import { examplePod } from './examples.ts';

const EMPTY = (field: string) => ({
  in: 'podSpec' as const,
  cel: `variables.podSpec.?${field.replaceAll('.', '.?')}.orValue([]).size() == 0`,
  field,
  fix: 'remove' as const,
});

export const clusterDns = defineRule({
  id: 'cluster-dns',
  title: "Names from the cluster's own DNS",
  message:
    "The pod uses other name servers, or defines its own host names: remove dnsPolicy, dnsConfig.nameservers and hostAliases (the pod then uses the cluster's DNS), or ask {contact}.",
  source: 'NSA/CISA Kubernetes Hardening Guide 1.2, network separation',
  why: 'A foreign name server sees every name that the preview looks up, and look-ups can carry data out of the cluster.',
  scope: 'makers',
  match: PODS,
  conditions: [
    {
      in: 'podSpec',
      cel: 'variables.podSpec.?dnsPolicy.orValue("") in ["", "ClusterFirst"]',
      field: 'dnsPolicy',
      found: 'variables.podSpec.dnsPolicy',
      fix: 'remove',
    },
    EMPTY('dnsConfig.nameservers'),
    EMPTY('hostAliases'),
  ],
  examples: {
    good: examplePod({ spec: 'dnsConfig: { options: [{ name: ndots, value: "2" }] }' }),
    bad: examplePod({ spec: 'dnsConfig: { nameservers: [203.0.113.53] }' }),
  },
});
