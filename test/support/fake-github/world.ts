import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { GitHubForge } from '../../../lib/github/forge.ts';
import type { Cache } from '../../../lib/github/http/cache.ts';
import { GitHubAppsRepo } from '../../../lib/github/repo/apps-repo.ts';
import { COMMENT_MARKER } from '../../../lib/report/markers.ts';
import type { SyncContext } from '../../../lib/sync/plan/base.ts';
import { afterFile } from '../cleanup.ts';
import type { World } from '../world.ts';
import { clientOf } from './client.ts';
import { FakeGitHub } from './server.ts';

/** The same world with GitHub on both sides of it: `acme/previews` is the apps repo. */
export function overGitHub(Base: typeof World) {
  return class GitHubWorld extends Base {
    fake: FakeGitHub | undefined;
    readonly waits: number[] = [];
    /** Seconds by which this machine's clock is ahead of GitHub's. */
    ahead = 0;
    /** What runs remember from one to the next. @default - nothing */
    cache: (() => Promise<Cache>) | undefined;

    constructor(platform?: string) {
      super(platform);
      mkdirSync(join(this.forge, 'acme'));
      symlinkSync(this.appsRepo, join(this.forge, 'acme', 'previews.git'));
    }

    async github(): Promise<FakeGitHub> {
      if (this.fake === undefined) {
        this.fake = await FakeGitHub.start(this.forge);
        this.fake.clock = () => this.now - this.ahead;
        afterFile(() => this.fake!.stop());
      }
      return this.fake;
    }

    override async with<T>(work: (context: SyncContext) => Promise<T>): Promise<T> {
      const client = clientOf(await this.github(), this.waits, undefined, undefined, undefined, () => this.now);
      const repo = new GitHubAppsRepo(client, { path: 'acme/previews' });
      const cache = await this.cache?.();
      const forge = new GitHubForge(client, { clock: () => this.now, ...(cache ? { cache } : {}) });
      return work({ repo, forge, clock: () => this.now });
    }

    override async asking() {
      const { token, url } = await this.github();
      return { args: [], env: { GITHUB_TOKEN: token, GITHUB_API_URL: url } };
    }

    override async say(name: string, number: number, author: string, body: string): Promise<number> {
      const fake = await this.github();
      return fake.addComment(`PR_${fake.repository('acme', name)!.id}_${number}`, author, body).number;
    }

    override async allow(_: string, login: string, permission: string): Promise<void> {
      (await this.github()).permissions.set(login, permission);
    }

    override notices(name: string, number: number): readonly string[] {
      const comments = this.fake?.commentsOf('acme', name, number) ?? [];
      return comments.flatMap(({ body }) => (body.startsWith('<!-- greenroom:ends ') ? [body] : []));
    }

    override answerTo(_: string, __: number, commentId: number): string | null {
      const comment = this.fake?.commentByNumber(commentId);
      const content = comment?.reactions.find(({ login }) => login === this.fake!.login)?.content;
      return { '+1': 'done', '-1': 'refused', confused: 'confused' }[content ?? ''] ?? null;
    }

    override comment(name: string, number: number, marker = COMMENT_MARKER): string | null {
      const comments = this.fake?.commentsOf('acme', name, number) ?? [];
      return comments.find(({ author, body }) => author === this.fake?.login && body.startsWith(marker))?.body ?? null;
    }

    override check(name: string, number: number): { conclusion: string; title: string } | null {
      const sha = this.fake?.repository('acme', name)?.pullRequest(number)?.head.sha;
      const run = this.fake?.checks.filter((check) => check.head_sha === sha).at(-1);
      if (run === undefined) return null;
      const conclusion = run['status'] === 'completed' ? String(run['conclusion']) : 'pending';
      return { conclusion, title: (run['output'] as { title: string }).title };
    }
  };
}
