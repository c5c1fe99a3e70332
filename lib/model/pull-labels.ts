/** Whether a pull request has a label. Forges take labels that differ in case alone for one. */
export function hasLabel(labels: readonly string[], wanted: string): boolean {
  return labels.some((label) => label.toLowerCase() === wanted.toLowerCase());
}
