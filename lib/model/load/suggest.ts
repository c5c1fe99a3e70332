/** Words with more edits between them are unrelated. */
const MAX_EDITS = 2;

/**
 * The candidate that was probably meant: at most two insertions, deletions, substitutions or transpositions away, and
 * fewer than the word has letters. Undefined if there is none, or if two are equally close.
 */
export function closest(word: string, candidates: readonly string[]): string | undefined {
  let best: { candidate: string; edits: number } | undefined;
  let tied = false;
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - word.length) > MAX_EDITS) continue;
    const edits = distance(word.toLowerCase(), candidate.toLowerCase());
    if (edits > MAX_EDITS || edits >= word.length || edits >= candidate.length) continue;
    if (best === undefined || edits < best.edits) {
      best = { candidate, edits };
      tied = false;
    } else if (edits === best.edits) tied = true;
  }
  return tied ? undefined : best?.candidate;
}

/** Restricted Damerau-Levenshtein distance: no substring is edited twice. */
function distance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substituted = last[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      let edits = Math.min(last[j]! + 1, row[j - 1]! + 1, substituted);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        edits = Math.min(edits, beforeLast[j - 2]! + 1);
      row.push(edits);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length]!;
}
