// One of several processes that commit to the same apps repo at once: LOCATION ID COMMITS.
import { setTimeout } from 'node:timers/promises';
import type { ChangeSet } from '../../lib/core/fileset.ts';
import { apply } from '../../lib/gitops/apply.ts';
import { openGitAppsRepo } from '../../lib/gitops/open.ts';

const [location = '', id = '', commits = ''] = process.argv.slice(2);
const repo = await openGitAppsRepo(location, { clock: () => 1_793_610_000 });
for (let n = 0; n < Number(commits); n += 1) {
  const planner = async () => {
    const { head } = await repo.read(['common']);
    // Everyone writes one object that is the same for all, and one file of its own.
    const change: ChangeSet = new Map([
      ['common', 'the same of everyone'],
      [`previews/main/w/${id}-${n}/preview.json`, String(n)],
    ]);
    return { head, change, message: `${id}-${n}`, value: null };
  };
  await apply(repo, planner, { attempts: 40, random: Math.random, sleep: (ms) => setTimeout(ms) });
}
await repo.close();
