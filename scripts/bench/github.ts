// A fake GitHub with open pull requests and slow answers, as a separate process: `receiver.ts` starts it.
import { systemClock } from '../../lib/core/clock.ts';
import { cleanUp } from '../../test/support/cleanup.ts';
import { manyPulls } from '../../test/support/fake-github/many.ts';
import { FakeGitHub } from '../../test/support/fake-github/server.ts';
import { bareRepo } from '../../test/support/git.ts';
import { platformText, previewText } from '../../test/support/inputs.ts';
import { World } from '../../test/support/world.ts';

const [pulls = 0, latency = 0] = process.argv.slice(2).map(Number);
const world = new World();
manyPulls(world, 1, pulls, (n) => previewText(`env: { SERIAL: "${n}" }`), systemClock() - 60);
const apps = bareRepo({ 'greenroom.yaml': platformText() }, { path: `${world.forge}/acme/previews.git` });
const fake = await FakeGitHub.start(world.forge);
fake.clock = systemClock;
fake.fault = () => ({ delay: latency, edit: (body) => body });
console.log(JSON.stringify({ url: fake.url, token: fake.token, apps }));
// It ends with the process that started it.
process.stdin.resume().on('end', async () => {
  await cleanUp();
  process.exit(0);
});
