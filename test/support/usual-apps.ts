import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createCompiler } from '../../lib/compile/compile.ts';
import type { CompiledPreview } from '../../lib/compile/compiler.ts';
import type { FileSet } from '../../lib/core/fileset.ts';
import { loadPlatform, loadPreview } from '../../lib/model/files.ts';
import type { PlatformSpec } from '../../lib/model/platform.ts';
import { OPENED } from './inputs.ts';

const FOLDER = resolve(import.meta.dirname, '../../previews/usual');

/** Names of the usual apps of makers: a folder each of `previews/usual`. */
export const USUAL_APPS = readdirSync(FOLDER, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)
  .sort();

/** The settings that a usual app is compiled with: its own, or those of all. */
export function usualPlatform(app: string, settings = ''): { readonly text: string; readonly spec: PlatformSpec } {
  const own = join(FOLDER, app, 'greenroom.yaml');
  const file = readFileSync(existsSync(own) ? own : join(FOLDER, 'greenroom.yaml'), 'utf8');
  const text = `${file}${settings.replace(/^(?=.)/gm, '  ')}\n`;
  return { text, spec: loadPlatform(text, 'greenroom.yaml').value.spec };
}

/** A usual app compiled for pull request 7 of `acme/<app>`. @param settings lines under `spec` of its platform */
export function compileUsual(app: string, settings = ''): CompiledPreview {
  const platform = usualPlatform(app, settings).spec;
  const preview = loadPreview(readFileSync(join(FOLDER, app, 'preview.yaml')), 'preview.yaml');
  const folder = preview.value.spec.manifests;
  return createCompiler({ platform, now: OPENED })({
    preview,
    manifests: folder === undefined ? null : filesOf(join(FOLDER, app, folder), folder),
    identity: { repositoryId: 42, owner: 'acme', repository: app, number: 7 },
    headSha: 'a1b2c3d'.padEnd(40, '0'),
    author: 'mia',
    labels: [],
    times: { createdAt: OPENED, updatedAt: OPENED, committedAt: OPENED },
  });
}

function filesOf(folder: string, prefix: string): FileSet {
  return new Map(
    readdirSync(folder)
      .sort()
      .map((name) => [`${prefix}/${name}`, readFileSync(join(folder, name), 'utf8')]),
  );
}
