/** RegistryCredentials for a registry or its token service. */
export type Login =
  | { readonly kind: 'basic' /** base64 of `user:password` */; readonly basic: string }
  /** Exchanged for an access token at the token service. */
  | { readonly kind: 'identity'; readonly token: string }
  /** Sent to the registry as it is. */
  | { readonly kind: 'bearer'; readonly token: string };

export function basicLogin(user: string, password: string): Login {
  return { kind: 'basic', basic: Buffer.from(`${user}:${password}`).toString('base64') };
}
