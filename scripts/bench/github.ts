// A fake GitHub with open pull requests and slow answers, as a separate process: `receiver.ts` starts it. A line on its
// standard input pushes a new head to each pull request; the answer is a line as well.
import { createInterface } from 'node:readline';
import { systemClock } from '../../lib/core/clock.ts';
import { cleanUp } from '../../test/support/cleanup.ts';
import { manyPulls } from '../../test/support/fake-github/many.ts';
import { FakeGitHub } from '../../test/support/fake-github/server.ts';
import { bareRepo } from '../../test/support/git.ts';
import { platformText, previewText } from '../../test/support/inputs.ts';
import { World } from '../../test/support/world.ts';

const [pulls = 0, latency = 0] = process.argv.slice(2).map(Number);
const world = new World();
const started = systemClock() - 60;
const push = (round: number) =>
  manyPulls(world, 1, pulls, (n) => previewText(`env: { SERIAL: "${n}", ROUND: "${round}" }`), started + round);
push(0);
const apps = bareRepo({ 'greenroom.yaml': platformText() }, { path: `${world.forge}/acme/previews.git` });
const fake = await FakeGitHub.start(world.forge);
fake.clock = systemClock;
fake.fault = () => ({ delay: latency, edit: (body) => body });
const source = `${world.forge}/acme/app-1.git`;
console.log(JSON.stringify({ url: fake.url, token: fake.token, apps, source }));
createInterface({ input: process.stdin })
  .on('line', (round) => {
    push(Number(round));
    console.log(JSON.stringify({ pushed: Number(round) }));
  })
  // It ends with the process that started it.
  .on('close', async () => {
    await cleanUp();
    process.exit(0);
  });
