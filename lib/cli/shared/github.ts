import { systemClock } from '../../core/clock.ts';
import type { GitHubAppsRepo as Repo } from '../../github/repo/apps-repo.ts';
import type { ForgeKind } from './forge-kind.ts';

/** GitHub's rules for `owner/name`. A name cannot end in `.git`. */
const PATH = /^[A-Za-z0-9][A-Za-z0-9-]{0,38}\/(?!.*\.git$)[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}$/;

export const github: ForgeKind = {
  isRepository: (text) => PATH.test(text),
  cloneAddress: (path, env) => `${env['GITHUB_SERVER_URL'] || 'https://github.com'}/${path}.git`,
  webhooks: async () => (await import('../../github/webhook.ts')).gitHubWebhooks,
  async connect(env, { cache: folder, onWait }) {
    const [{ openGitHub }, { FolderCache, ProcessCache }, { GitHubForge }, { GitHubAppsRepo }] = await Promise.all([
      import('../../github/http/open.ts'),
      import('../../github/http/cache.ts'),
      import('../../github/forge.ts'),
      import('../../github/repo/apps-repo.ts'),
    ]);
    const client = openGitHub(env, { onWait });
    const cache = folder === undefined ? new ProcessCache() : await FolderCache.open(folder, systemClock);
    const serverUrl = env['GITHUB_SERVER_URL'] || undefined;
    const forge = new GitHubForge(client, { cache, ...(serverUrl && { serverUrl }) });
    // Trees and files are cached by id, so later syncs need not read them again.
    const repos = new Map<string, Repo>();
    return {
      forge: () => forge,
      workshop: async () => new (await import('../../github/workshop.ts')).GitHubWorkshop(client),
      appsRepo(path, branch) {
        const key = `${path} ${branch ?? ''}`;
        const repo = repos.get(key) ?? new GitHubAppsRepo(client, { path }, branch);
        repos.set(key, repo);
        return repo;
      },
    };
  },
};
