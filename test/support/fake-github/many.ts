import { execFileSync } from 'node:child_process';
import { GIT_ENV, git } from '../git.ts';
import { OPENED } from '../inputs.ts';
import type { World } from '../world.ts';

/** Open pull requests, each with a new head of its own, in repositories `app-1`, `app-2`, ... Gives their names. */
export function manyPulls(
  world: World,
  repositories: number,
  each: number,
  file: (number: number) => string,
  time = OPENED,
): string[] {
  return Array.from({ length: repositories }, (_, i) => {
    const name = `app-${i + 1}`;
    world.push(name, { 'README.md': name }, time);
    const gitDir = `${world.forge}/acme/${name}.git`;
    const stream = Array.from({ length: each }, (_, n) => {
      const text = file(n + 1);
      return [
        `commit refs/heads/change-${n + 1}`,
        `committer Test <test@example.com> ${time} +0000`,
        'data 6\nchange',
        `from refs/heads/main^0`,
        `M 100644 inline preview.yaml`,
        `data ${Buffer.byteLength(text)}\n${text}\n`,
      ].join('\n');
    }).join('\n');
    execFileSync('git', ['fast-import', '--quiet', '--force'], { cwd: gitDir, env: GIT_ENV, input: stream });
    const heads = git(gitDir, ['for-each-ref', '--format=%(refname:lstrip=2) %(objectname)', 'refs/heads/change-*']);
    for (const line of heads.split('\n')) {
      const [, number, sha] = /^change-(\d+) ([0-9a-f]+)$/.exec(line)!;
      world.pull(name, Number(number), { sha: sha!, createdAt: time, updatedAt: time });
    }
    return name;
  });
}
