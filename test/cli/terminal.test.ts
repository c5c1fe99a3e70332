import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { certificate } from '../secrets/certificates.ts';
import { bareRepo, tempFolder } from '../support/git.ts';
import { platformText } from '../support/inputs.ts';
import { hasTerminal, Terminal } from '../support/terminal.ts';

const GREENROOM = `'${process.execPath}' '${join(import.meta.dirname, '../../bin/greenroom.cjs')}'`;
const VALUE = 'hunter2-and-more';

/** A terminal in which a value is asked for. */
async function asked(): Promise<{ terminal: Terminal; folder: string }> {
  const folder = tempFolder();
  writeFileSync(join(folder, 'greenroom.yaml'), platformText('secrets: { mechanism: sealed-secrets }'));
  writeFileSync(join(folder, 'cert.pem'), certificate().pem);
  const terminal = new Terminal(folder);
  const where = '--cert cert.pem --repo acme/shop --pr 7 --out out.yaml';
  terminal.type(`${GREENROOM} secrets seal KEY ${where}; echo code=$?`);
  terminal.press('Enter');
  await terminal.shows(/Value of KEY/);
  return { terminal, folder };
}

describe.skipIf(!hasTerminal)('at a terminal', () => {
  test('a value to seal is typed unseen, and sealed', async () => {
    const { terminal, folder } = await asked();
    terminal.type(VALUE);
    terminal.press('Enter');
    await terminal.shows(/code=0/);
    expect(terminal.screen()).toContain('out.yaml: sealed KEY for pr-shop-7');
    expect(terminal.screen()).not.toContain(VALUE.slice(0, 4));
    expect(readFileSync(join(folder, 'out.yaml'), 'utf8')).toMatch(/KEY: "?AQ/);
  });

  test('Ctrl+C while it is typed shows nothing of it, and seals nothing', async () => {
    const { terminal } = await asked();
    terminal.type(VALUE);
    terminal.press('C-c');
    await terminal.shows(/code=130/);
    expect(terminal.screen()).toContain('greenroom: stopped; nothing was sealed');
    expect(terminal.screen()).not.toContain(VALUE.slice(0, 4));
  });

  test('new asks its questions, and Ctrl+C ends it', async () => {
    const root = tempFolder();
    bareRepo({ 'greenroom.yaml': platformText() }, { path: join(root, 'previews.git') });
    const terminal = new Terminal(root);
    terminal.type(`${GREENROOM} new --apps-repo previews.git --forge .; echo code=$?`);
    terminal.press('Enter');
    await terminal.shows(/What are you making\?/);
    terminal.press('Enter');
    await terminal.shows(/What is its name\?/);
    terminal.type('shop');
    terminal.press('Enter');
    await terminal.shows(/What is it for\?/);
    terminal.press('C-c');
    await terminal.shows(/code=130/);
    expect(terminal.screen()).toContain('stopped; run the same command again to go on');
  });

  test.each([{ TERM: 'dumb' }, { GREENROOM_PLAIN: '1' }])(
    '%j: new asks line by line, until both links are there',
    async (env) => {
      const root = tempFolder();
      bareRepo({ 'greenroom.yaml': platformText() }, { path: join(root, 'acme/previews.git') });
      const terminal = new Terminal(root);
      const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
      const command = `${variables.join(' ')} ${GREENROOM} new --apps-repo acme/previews.git --forge . 2>&1`;
      terminal.type(`script -qec '${command.replaceAll("'", '"')}' said; echo code=$?`);
      terminal.press('Enter');
      await terminal.shows(/1\. Function[\s\S]*Number:/);
      terminal.type('9');
      terminal.press('Enter');
      await terminal.shows(/Type a number from 1 to 4\./);
      terminal.type('1');
      terminal.press('Enter');
      await terminal.shows(/What is its name\?/);
      terminal.type('aux');
      terminal.press('Enter');
      await terminal.shows(/It is reserved; choose another\./);
      terminal.type('shop');
      terminal.press('Enter');
      await terminal.shows(/What is it for\? \(Enter for A function\):/);
      terminal.press('Enter');
      await terminal.shows(/Who is responsible for it\?/);
      terminal.type('@acme/web');
      terminal.press('Enter');
      await terminal.shows(/Open both pull requests\? \(Enter for yes\):/);
      terminal.press('Enter');
      await terminal.shows(/code=0/);
      expect(terminal.screen()).toContain('source, acme/shop: opened, pull request 1');
      expect(readFileSync(join(root, 'said'), 'utf8')).not.toContain('\u001b');
    },
  );

  test.each(['C-c', 'C-d'] as const)('%s at a plain question ends new, and says so', async (key) => {
    const root = tempFolder();
    bareRepo({ 'greenroom.yaml': platformText() }, { path: join(root, 'previews.git') });
    const terminal = new Terminal(root);
    terminal.type(`GREENROOM_PLAIN=1 ${GREENROOM} new --apps-repo previews.git --forge .; echo code=$?`);
    terminal.press('Enter');
    await terminal.shows(/Number:/);
    terminal.press(key);
    await terminal.shows(/code=130/);
    expect(terminal.screen()).toContain('stopped; run the same command again to go on');
  });
});
