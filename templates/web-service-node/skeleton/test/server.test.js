import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { title } from '../page.js';
import { createApp } from '../server.js';

const app = createApp();
let address;
before(async () => {
  app.listen(0, '127.0.0.1');
  await once(app, 'listening');
  address = `http://127.0.0.1:${app.address().port}`;
});
after(() => app.close());

test('the first page has the title', async () => {
  const response = await fetch(address);
  assert.equal(response.status, 200);
  assert.ok((await response.text()).includes(`<h1>${title}</h1>`));
});

test('it says that it is well', async () => {
  assert.equal((await fetch(`${address}/healthz`)).status, 200);
});

test('a page that is not there is said not to be there', async () => {
  assert.equal((await fetch(`${address}/nothing`)).status, 404);
});
