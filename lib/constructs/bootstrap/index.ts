export { Bootstrap, type BootstrapProps } from './bootstrap.ts';
export { CLEANER_GRACE_SECONDS, Cleaner, type CleanerProps } from './cleaner.ts';
export { KyvernoExpiry, type KyvernoExpiryProps } from './expiry.ts';
