const left: (() => unknown)[] = [];

/**
 * Ends or removes what a test file made, after its last test. Modules beside the tests are loaded once for many files: a
 * hook of their own would only run for the first.
 */
export function afterFile(undo: () => unknown): void {
  left.push(undo);
}

/** Last made, first undone. */
export async function cleanUp(): Promise<void> {
  for (let undo = left.pop(); undo !== undefined; undo = left.pop()) await undo();
}
