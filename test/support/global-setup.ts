import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';
import { bundle } from '../../scripts/bundle.mjs';

/** Bundles the command from the sources under test; tests that need real processes run that file. */
export default async function setup(project: TestProject) {
  // Inside the project, where the command finds the package's own files.
  const root = fileURLToPath(new URL('../../', import.meta.url));
  const folder = mkdtempSync(join(root, 'node_modules/.greenroom-test-'));
  const command = join(folder, 'greenroom.cjs');
  await bundle(command);
  project.provide('command', command);
  return () => rmSync(folder, { recursive: true, force: true });
}

declare module 'vitest' {
  export interface ProvidedContext {
    /** Path of the bundled command. */
    command: string;
  }
}
