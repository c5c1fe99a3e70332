import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatTime } from '../../../lib/core/clock.ts';
import { TestForge } from '../../support/forge.ts';
import { commitFiles, type TestFiles } from '../../support/git.ts';

/** What a maker asks for, in a pull request. */
export interface Wish {
  readonly number: number;
  /** Name of the repository, whose owner is `acme`. @default shop */
  readonly repository?: string;
  /** Further fields of `preview.yaml`. @default - a web service at port 8080 */
  readonly spec?: Readonly<Record<string, unknown>>;
  /** The maker's own manifests, by file name. @default - none */
  readonly manifests?: Readonly<Record<string, string>>;
  /** @default - none */
  readonly labels?: readonly string[];
  /** Unix seconds at which its time is up. @default - a day from now */
  readonly expires?: number;
  /** @default open */
  readonly state?: 'open' | 'closed';
}

const DAY = 86_400;
const OWNER = 'acme';

/** Repositories of micro apps and their pull requests, in a local forge. */
export class MicroApps {
  readonly #forge = new TestForge();
  readonly #repositories = new Set<string>();

  /** Folder of the forge. */
  get path(): string {
    return this.#forge.path;
  }

  /** Adds a commit to a branch of a repository, which is made if it is not there. @returns the commit */
  commit(repository: string, branch: string, files: TestFiles, time = Math.floor(Date.now() / 1000)): string {
    if (!this.#repositories.has(repository)) this.#forge.repository(OWNER, repository, { 'README.md': repository });
    this.#repositories.add(repository);
    return commitFiles(this.#forge.gitDir(OWNER, repository), files, { branch, time });
  }

  /** Address of a repository as Argo CD clones it. */
  url(repository: string): string {
    return `file://${this.#forge.gitDir(OWNER, repository)}`;
  }

  /** Opens a pull request, or pushes to it, or closes it. */
  pull(wish: Wish): void {
    const { number, repository = 'shop', labels = [], state = 'open', manifests = {} } = wish;
    const opened = (wish.expires ?? Math.floor(Date.now() / 1000) + DAY) - DAY;
    const own = Object.entries(manifests).map(([name, text]): [string, string] => [`k8s/${name}`, text]);
    const spec = {
      template: 'web-service',
      image: `ghcr.io/acme/${repository}`,
      port: 8080,
      ...(own.length > 0 && { manifests: 'k8s' }),
      ...wish.spec,
    };
    const preview = JSON.stringify({ apiVersion: 'greenroom.dev/v1alpha1', kind: 'Preview', spec });
    const ref = `change-${number}`;
    const sha = this.commit(repository, ref, { 'preview.yaml': preview, ...Object.fromEntries(own) }, opened);
    const repositoryId = 100 + repository.length;
    const at = formatTime(opened);
    this.#forge.pull(OWNER, repository, {
      number,
      repositoryId,
      labels,
      state,
      head: { sha, ref, repositoryId },
      createdAt: at,
      updatedAt: at,
      closedAt: state === 'closed' ? at : null,
    });
  }

  /** Writes a file beside the repositories, for options that take one. @returns its path */
  file(name: string, text: string): string {
    const path = join(this.path, name);
    writeFileSync(path, text);
    return path;
  }
}
