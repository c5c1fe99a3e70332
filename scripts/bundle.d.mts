/** @param outfile path from the project's root */
export function bundle(outfile: string): Promise<void>;
