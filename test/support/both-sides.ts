import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { inProcess } from './command.ts';
import { commitFiles, type TestFiles, tempFolder } from './git.ts';
import { World } from './world.ts';

// The command reads the real clock: pull requests are opened now.
const NOW = Math.floor(Date.now() / 1000) - 60;

/** One pull request after another in one repository, and the same files in a folder. */
export class BothSides {
  readonly world = new World();
  #number = 0;
  #pushed: string[] = [];

  /** @param appsRepo files of the apps repo, greenroom.yaml among them */
  constructor(appsRepo: TestFiles) {
    commitFiles(this.world.appsRepo, appsRepo);
  }

  /** What both say: the exit code, and all sentences with their places. */
  async verdicts(files: TestFiles, labels: readonly string[] = []): Promise<{ sync: unknown; check: unknown }> {
    const number = String(++this.#number);
    const gone = Object.fromEntries(this.#pushed.map((path) => [path, null]));
    const sha = this.world.push('shop', { ...gone, ...files }, NOW);
    this.#pushed = Object.keys(files);
    this.world.pull('shop', this.#number, { createdAt: NOW, updatedAt: NOW, labels });
    const sides = ['--apps-repo', this.world.appsRepo, '--format', 'json'];
    const given = labels.flatMap((label) => ['--label', label]);
    const of = ['--repo', 'acme/shop', '--pr', number];
    const sync = await inProcess(['sync', '--forge', this.world.forge, '--dry-run', ...of, ...sides]);
    const check = await inProcess(['check', 'preview.yaml', ...of, ...given, '--sha', sha, ...sides], inFolder(files));
    const { state } = JSON.parse(sync.stdout);
    const said = JSON.parse(check.stdout);
    return {
      sync: { code: sync.code, problems: state.problems ?? [], findings: state.findings ?? [] },
      check: { code: check.code, problems: said.problems, findings: said.findings },
    };
  }
}

function inFolder(files: TestFiles): string {
  const folder = tempFolder();
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    if (typeof content === 'string' || Buffer.isBuffer(content)) writeFileSync(join(folder, path), content);
    else if (content !== null) symlinkSync(content.content, join(folder, path));
  }
  return folder;
}
