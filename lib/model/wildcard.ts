/**
 * Whether a text matches a pattern: `*` matches any characters except `/`, `**` any characters, and `**` with a slash
 * after it also nothing. Time is at most proportional to the product of both lengths, for any input.
 */
export function fits(pattern: string, text: string): boolean {
  const parts = pattern.match(/\*\*\/|\*\*|\*|[^*]/g) ?? [];
  // Lengths of the text prefixes that the pattern parts so far can match.
  let reached = new Set([0]);
  for (const part of parts) {
    const next = new Set<number>();
    if (part === '**/') {
      const first = Math.min(...reached);
      for (const at of reached) next.add(at);
      for (let i = first; i < text.length; i++) if (text[i] === '/') next.add(i + 1);
    } else if (part === '**') {
      for (let i = Math.min(...reached); i <= text.length; i++) next.add(i);
    } else if (part === '*') {
      for (let i = Math.min(...reached), isOpen = false; i <= text.length; i++) {
        isOpen = reached.has(i) || (isOpen && text[i - 1] !== '/');
        if (isOpen) next.add(i);
      }
    } else for (const at of reached) if (text.startsWith(part, at)) next.add(at + part.length);
    if (next.size === 0) return false;
    reached = next;
  }
  return reached.has(text.length);
}
