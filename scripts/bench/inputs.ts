import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createCompiler } from '../../lib/compile/compile.ts';
import type { CompiledPreview } from '../../lib/compile/compiler.ts';
import { loadPlatform, loadPreview } from '../../lib/model/files.ts';

export const root = fileURLToPath(new URL('../../', import.meta.url));

const read = (path: string) => readFileSync(join(root, path));
export const platform = loadPlatform(read('previews/greenroom.yaml'), 'greenroom.yaml').value.spec;
const text = read('previews/shop/preview.yaml');
const compile = createCompiler({ platform, now: 0 });

/** The example shop as pull request `number`, read and compiled from the file's bytes. */
export function compileShop(number: number): CompiledPreview {
  return compile({
    preview: loadPreview(text, 'preview.yaml'),
    manifests: null,
    identity: { repositoryId: 101, owner: 'acme', repository: 'shop', number },
    headSha: '0'.repeat(40),
    author: 'mia',
    labels: [],
    times: { createdAt: 0, updatedAt: 0, committedAt: 0 },
  });
}

/** The files of one preview. */
export function rendered() {
  const { name, record, files } = compileShop(7);
  return { name, image: record.image, files };
}
