import { GreenroomError, invalidInput } from '../core/errors.ts';
import { compareStrings } from '../core/fileset.ts';
import { VERSION } from '../core/version.ts';
import { COMMAND_FILE } from './layout.ts';

/** What an apps repo stores about the run that created its files. */
export interface Manifest {
  /** Version of greenroom. */
  readonly version: string;
  /** sha256 of each file as written, by path, to detect later edits. */
  readonly files: Readonly<Record<string, string>>;
}

/** File of the {@link Manifest}. */
export const MANIFEST_FILE = '.greenroom.json';

/** @throws GreenroomError `invalid-input` for a file that is not a manifest */
export function parseManifest(text: string): Manifest {
  try {
    const data = JSON.parse(text) as Partial<Manifest> | null;
    const files = Object.entries(data?.files ?? {});
    if (typeof data?.version === 'string' && files.every(([, hash]) => typeof hash === 'string')) {
      return { version: data.version, files: Object.fromEntries(files) };
    }
  } catch {
    // Reported below, with what to do.
  }
  throw invalidInput([
    { file: MANIFEST_FILE, message: 'is not what greenroom wrote; restore it from Git, or delete it and run again' },
  ]);
}

export function formatManifest(manifest: Manifest): string {
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

/**
 * Stops before anything else of an apps repo is read: this version could misread or lose data in settings and records
 * of a newer one.
 *
 * @param text content of {@link MANIFEST_FILE}; null or undefined for an apps repo without one
 * @param ours version of this program
 * @throws GreenroomError `invalid-input` that names the required version
 */
export function refuseNewer(text: string | null | undefined, ours: string = VERSION): void {
  if (text === null || text === undefined) return;
  const theirs = parseManifest(text).version;
  if (compareVersions(theirs, ours) <= 0) return;
  throw new GreenroomError(
    'invalid-input',
    `this apps repo was written by greenroom ${theirs}, and this is ${ours}; run the one in it, \`node ${COMMAND_FILE}\``,
  );
}

/** Compares the numbers part by part. A pre-release comes before its release. */
export function compareVersions(a: string, b: string): number {
  const parse = (version: string) => {
    const [core = '', pre] = version.split('-', 2);
    return { numbers: core.split('.').map((part) => Number(part) || 0), pre };
  };
  const [x, y] = [parse(a), parse(b)];
  for (let i = 0; i < 3; i++) {
    const difference = (x.numbers[i] ?? 0) - (y.numbers[i] ?? 0);
    if (difference !== 0) return difference;
  }
  if (x.pre === y.pre) return 0;
  if (x.pre === undefined) return 1;
  return y.pre === undefined ? -1 : compareStrings(x.pre, y.pre);
}
