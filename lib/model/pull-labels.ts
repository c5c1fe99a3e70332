/** Whether a pull request has a label. Forges ignore the case of labels and trim spaces around them. */
export function hasLabel(labels: readonly string[], wanted: string): boolean {
  return labels.some((label) => keyOf(label) === keyOf(wanted));
}

function keyOf(label: string): string {
  return label.trim().toLowerCase();
}
