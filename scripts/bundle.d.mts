/** Returns the files that went into it. @param outfile path from the project's root */
export function bundle(outfile: string): Promise<string[]>;
/** Leaves the bytecode of what a typical run uses beside the bundle. @param bin starter of the bundle */
export function keepBytecode(bin: string): void;
