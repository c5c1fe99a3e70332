/** A pattern whose upper-case letters match either case, without a flag that not all engines know. */
export function anyCase(pattern: string): string {
  return pattern.replace(/[A-Z]/g, (letter) => `[${letter}${letter.toLowerCase()}]`);
}
