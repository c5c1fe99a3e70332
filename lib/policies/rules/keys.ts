/** CEL: whether the key `k` is in a list of the parameters; an entry that ends in `/` includes all keys below it. */
export function isListed(list: string): string {
  return `params.${list}.exists(a, k == a || (a.endsWith("/") && k.startsWith(a)))`;
}

/**
 * CEL: whether the key `k` is reserved. An entry that ends in `/` is a domain with its subdomains, any other is a
 * prefix.
 */
export const IS_RESERVED =
  'params.reservedKeys.exists(r, k.startsWith(r) || (r.endsWith("/") && k.split("/")[0].endsWith("." + r.split("/")[0])))';
