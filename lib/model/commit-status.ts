/** Name of the commit status by which a reconciler reports about a preview; `text` is its name, or an expression for it. */
export function commitStatusName(text: string): string {
  return `greenroom/${text}`;
}
