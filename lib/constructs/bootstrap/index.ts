export { CLEANER_ACCOUNT, CLUSTER_ACCOUNT } from './accounts.ts';
export { Bootstrap, type BootstrapProps } from './bootstrap.ts';
export { CLEANER_GRACE_SECONDS, Cleaner, type CleanerProps } from './cleaner.ts';
export { EXPIRY_POLICY, KyvernoExpiry, type KyvernoExpiryProps } from './expiry.ts';
export { certificateNamespace } from './ingress.ts';
export { IN_CLUSTER } from './projects.ts';
