// The licences of bundled packages require that their text is shipped too.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * @param {string} root the project's folder
 * @param {Iterable<string>} inputs files that went into a bundle, by their paths from there
 * @returns {string} name, version and licence of each package that they belong to
 */
export function noticesOf(root, inputs) {
  const folders = new Set();
  for (const input of inputs) {
    const found = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input);
    if (found !== null) folders.add(found[0]);
  }
  const notices = [...folders].map((folder) => noticeOf(join(root, folder)));
  return `Parts of greenroom's bundled files are of these packages.\n\n${[...new Set(notices)].sort().join('\n')}`;
}

function noticeOf(folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const files = readdirSync(folder).filter((file) => /^(licen[cs]e|notice)/i.test(file));
  if (license === undefined && files.length === 0) throw new Error(`${name}@${version} names no licence`);
  const texts = files.sort().map((file) => readFileSync(join(folder, file), 'utf8').trim());
  return ['-'.repeat(80), `${name} ${version} (${license})`, '', ...texts, ''].join('\n');
}
