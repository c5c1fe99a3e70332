/** The first items that fit completely, and the number of the others. */
export function wholeItems(
  items: readonly string[],
  limits: { readonly items: number; readonly characters: number },
): { shown: string[]; left: number } {
  const shown: string[] = [];
  let size = 0;
  for (const item of items) {
    size += item.length + 1;
    if (shown.length === limits.items || size > limits.characters) break;
    shown.push(item);
  }
  return { shown, left: items.length - shown.length };
}
