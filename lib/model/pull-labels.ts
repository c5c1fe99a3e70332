/** Whether a pull request has a label. Forges take labels that differ in case alone for one, and keep no spaces around them. */
export function hasLabel(labels: readonly string[], wanted: string): boolean {
  return labels.some((label) => keyOf(label) === keyOf(wanted));
}

function keyOf(label: string): string {
  return label.trim().toLowerCase();
}
