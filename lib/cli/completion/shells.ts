import { bash } from './bash.ts';
import { fish } from './fish.ts';
import type { ProgramWords } from './words.ts';
import { zsh } from './zsh.ts';

/** Completion scripts by shell. A script contains the commands of the version that wrote it, and runs nothing. */
export const SHELLS: Readonly<Record<string, (program: ProgramWords) => string>> = { bash, zsh, fish };
