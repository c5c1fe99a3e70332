import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { getTestServer } from '@google-cloud/functions-framework/testing';
import '../index.js';

const server = getTestServer('handle');
let address;
before(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  address = `http://127.0.0.1:${server.address().port}`;
});
after(() => server.close());

test('it greets by name', async () => {
  const answer = await (await fetch(`${address}/?name=Mia`)).json();
  assert.equal(answer.name, 'Mia');
});

test('it says that it is well', async () => {
  assert.equal((await fetch(`${address}/healthz`)).status, 200);
});
