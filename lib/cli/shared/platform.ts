import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { loadPlatform } from '../../model/files.ts';
import { MANIFEST_FILE, refuseNewer } from '../../model/manifest.ts';
import type { PlatformSpec } from '../../model/platform.ts';
import { readInput } from './files.ts';

/**
 * A greenroom.yaml of this machine.
 *
 * @throws GreenroomError `invalid-input` when it is wrong, or lies in an apps repo that a newer greenroom laid down
 */
export function readPlatform(cwd: string, file: string): PlatformSpec {
  const manifest = join(dirname(file), MANIFEST_FILE);
  if (existsSync(resolve(cwd, manifest))) refuseNewer(new TextDecoder().decode(readInput(cwd, manifest)));
  return loadPlatform(readInput(cwd, file), file).value.spec;
}
