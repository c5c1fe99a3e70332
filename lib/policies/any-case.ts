/** A pattern whose upper-case letters match both cases, without a flag that some engines do not have. */
export function anyCase(pattern: string): string {
  return pattern.replace(/[A-Z]/g, (letter) => `[${letter}${letter.toLowerCase()}]`);
}
