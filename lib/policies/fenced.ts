import type { PlatformSpec } from '../model/platform.ts';

/**
 * Rules that Kubernetes' Pod Security standard `restricted` enforces too. The label on each preview's namespace refuses
 * such pods, even if a rule is off or excepted.
 *
 * Source: https://kubernetes.io/docs/concepts/security/pod-security-standards/
 */
const POD_SECURITY: readonly string[] = [
  'allowed-volumes',
  'apparmor-profile',
  'default-proc-mount',
  'drop-capabilities',
  'no-host-namespaces',
  'no-host-path',
  'no-host-ports',
  'no-host-probes',
  'no-privilege-escalation',
  'no-privileged',
  'no-windows-host-process',
  'run-as-non-root',
  'safe-sysctls',
  'seccomp-profile',
  'selinux-options',
];

/** Rules that a quota of zero enforces too. */
const QUOTA: Readonly<Record<string, string>> = {
  'no-load-balancer': 'services.loadbalancers',
  'no-node-port': 'services.nodeports',
};

/**
 * Why an exception from a rule would not help: the fence of every preview refuses the same, so the preview would pass
 * the check but never start. Undefined if nothing else enforces the rule.
 */
export function fenceAgainst(rule: string, { namespace }: PlatformSpec): string | undefined {
  if (POD_SECURITY.includes(rule)) {
    return "the Pod Security label `restricted` of each preview's namespace still refuses such pods";
  }
  const resource = Object.hasOwn(QUOTA, rule) ? QUOTA[rule]! : undefined;
  if (resource !== undefined && Number(namespace.quota[resource] ?? 1) === 0) {
    return `the quota of each preview's namespace limits ${resource} to 0 (namespace.quota)`;
  }
  if (rule === 'allowed-kinds') {
    return 'the account that applies a preview cannot write other kinds; add the kind to policies.parameters.allowedKinds';
  }
  if (rule === 'own-namespace') return 'the account that applies a preview can only write in its own namespace';
  return undefined;
}
