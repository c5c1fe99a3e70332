/** The prefix of references, as it is in greenroom.yaml; its placeholders are explained. */
export function prefixWords(prefix: string): string {
  return /\{(owner|repo)\}/.test(prefix) ? `${prefix} (owner and name of this repository)` : prefix;
}
