/** Formats rows as columns; the first row has the titles. @param toRight right-aligned columns. @default - none */
export function tableText(
  rows: readonly (readonly string[])[],
  toRight: (column: number) => boolean = () => false,
): string {
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  const cell = (text: string, i: number) => (toRight(i) ? text.padStart(widths[i]!) : text.padEnd(widths[i]!));
  return rows.map((row) => `${row.map(cell).join('  ').trimEnd()}\n`).join('');
}
