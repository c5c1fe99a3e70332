import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { title } from '../title.js';

// `npm test` builds first: this looks at what will be served.
const assets = readdirSync('dist/assets');

test('the page loads its script and its styles', () => {
  const page = readFileSync('dist/index.html', 'utf8');
  for (const kind of ['.js', '.css']) {
    const file = assets.find((name) => name.endsWith(kind));
    assert.ok(page.includes(`/assets/${file}`), `${kind} is not in the page`);
  }
});

test('the title is in the script', () => {
  const script = assets.find((name) => name.endsWith('.js'));
  assert.ok(readFileSync(`dist/assets/${script}`, 'utf8').includes(title));
});
