import type { Rule } from '../rule.ts';
import { allowedKeys } from './allowed-keys.ts';
import { allowedKinds } from './allowed-kinds.ts';
import { allowedRegistries } from './allowed-registries.ts';
import { allowedVolumes } from './allowed-volumes.ts';
import { apparmorProfile } from './apparmor-profile.ts';
import { builtFromCommit } from './built-from-commit.ts';
import { clusterDns } from './cluster-dns.ts';
import { defaultProcMount } from './default-proc-mount.ts';
import { dropCapabilities } from './drop-capabilities.ts';
import { encryptedSecrets } from './encrypted-secrets.ts';
import { gracePeriod } from './grace-period.ts';
import { ingressAnnotations } from './ingress-annotations.ts';
import { ingressPaths } from './ingress-paths.ts';
import { limitRequestRatio } from './limit-request-ratio.ts';
import { maxSize } from './max-size.ts';
import { noDanglingReferences } from './no-dangling-references.ts';
import { noEvictionShield } from './no-eviction-shield.ts';
import { noExternalIps } from './no-external-ips.ts';
import { noExternalName } from './no-external-name.ts';
import { noFinalizers } from './no-finalizers.ts';
import { noHostNamespaces } from './no-host-namespaces.ts';
import { noHostPath } from './no-host-path.ts';
import { noHostPorts } from './no-host-ports.ts';
import { noHostProbes } from './no-host-probes.ts';
import { noInlineSecrets } from './no-inline-secrets.ts';
import { noList } from './no-list.ts';
import { noLoadBalancer } from './no-load-balancer.ts';
import { noNodeChoice } from './no-node-choice.ts';
import { noNodePort } from './no-node-port.ts';
import { noOwners } from './no-owners.ts';
import { noPriorityClass } from './no-priority-class.ts';
import { noPrivilegeEscalation } from './no-privilege-escalation.ts';
import { noPrivileged } from './no-privileged.ts';
import { noServiceAccountToken } from './no-service-account-token.ts';
import { noWindowsHostProcess } from './no-windows-host-process.ts';
import { ownApplication } from './own-application.ts';
import { ownGateway } from './own-gateway.ts';
import { ownHost } from './own-host.ts';
import { ownNamespace } from './own-namespace.ts';
import { ownSecrets } from './own-secrets.ts';
import { ownVolumes } from './own-volumes.ts';
import { pinnedDigest } from './pinned-digest.ts';
import { plainSecrets } from './plain-secrets.ts';
import { requireLimits } from './require-limits.ts';
import { requireRequests } from './require-requests.ts';
import { reservedKeys } from './reserved-keys.ts';
import { runAsNonRoot } from './run-as-non-root.ts';
import { safeSysctls } from './safe-sysctls.ts';
import { sbomAttached } from './sbom-attached.ts';
import { seccompProfile } from './seccomp-profile.ts';
import { selinuxOptions } from './selinux-options.ts';
import { signedImage } from './signed-image.ts';
import { vulnerabilityThreshold } from './vulnerability-threshold.ts';

/** All of greenroom's rules about one object, in the order in which findings are listed. */
export const RULES: readonly Rule[] = [
  noLoadBalancer,
  noNodePort,
  noExternalIps,
  noExternalName,
  noHostPath,
  noHostNamespaces,
  noHostPorts,
  noHostProbes,
  noPrivileged,
  noPrivilegeEscalation,
  dropCapabilities,
  runAsNonRoot,
  seccompProfile,
  safeSysctls,
  allowedVolumes,
  defaultProcMount,
  selinuxOptions,
  apparmorProfile,
  noWindowsHostProcess,
  requireLimits,
  requireRequests,
  limitRequestRatio,
  maxSize,
  allowedRegistries,
  allowedKinds,
  noList,
  reservedKeys,
  allowedKeys,
  noPriorityClass,
  noNodeChoice,
  noEvictionShield,
  gracePeriod,
  clusterDns,
  ownVolumes,
  ownNamespace,
  ownHost,
  ownGateway,
  ingressPaths,
  ingressAnnotations,
  noServiceAccountToken,
  noInlineSecrets,
  noFinalizers,
  noOwners,
  ownApplication,
  plainSecrets,
  ownSecrets,
  pinnedDigest,
  signedImage,
  sbomAttached,
  builtFromCommit,
  vulnerabilityThreshold,
];

/**
 * Rules that no engine can check, evaluated only before commit: about several objects together, or files before
 * decryption.
 */
export const COMMIT_RULES: readonly Rule[] = [noDanglingReferences, encryptedSecrets];
