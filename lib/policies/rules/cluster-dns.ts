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
    "The pod asks other name servers, or writes names of its own: remove dnsPolicy, dnsConfig.nameservers and hostAliases (the cluster's DNS answers), or ask {contact}.",
  source: 'NSA/CISA Kubernetes Hardening Guide 1.2, network separation',
  why: 'A name server of somebody else is told every name that the preview looks up, and its answers carry data out.',
  scope: 'makers',
  match: PODS,
  conditions: [
    {
      in: 'podSpec',
      cel: 'variables.podSpec.?dnsPolicy.orValue("ClusterFirst") == "ClusterFirst"',
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
