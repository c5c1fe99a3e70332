import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';
import { bundle, keepBytecode } from '../../scripts/bundle.mjs';

/** Builds the command from the sources under test, as it is shipped; tests that need real processes run it. */
export default async function setup(project: TestProject) {
  // Inside the project, where the command finds the package's own files.
  const root = fileURLToPath(new URL('../../', import.meta.url));
  const folder = mkdtempSync(join(root, 'node_modules/.greenroom-test-'));
  const command = join(folder, 'bin/greenroom.cjs');
  cpSync(join(root, 'bin'), join(folder, 'bin'), { recursive: true });
  await bundle(join(folder, 'dist/cli/greenroom.cjs'));
  try {
    keepBytecode(command);
  } catch {
    // It printed why. The tests must run, since they say what is broken; without bytecode the command starts slower.
  }
  project.provide('command', command);
  return () => rmSync(folder, { recursive: true, force: true });
}

declare module 'vitest' {
  export interface ProvidedContext {
    /** Path of the command's starter; the bundle lies where the package has it. */
    command: string;
  }
}
