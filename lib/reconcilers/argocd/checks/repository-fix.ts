import { appsRepoUrl, type PlatformSpec } from '../../../model/platform.ts';

/**
 * What to do if Argo CD cannot read the repository, by its message; undefined if the cause is another one.
 */
export function repositoryFix(message: string, platform: PlatformSpec): string | undefined {
  const { namespace } = platform.argocd;
  if (/\.gitmodules|submodule/i.test(message)) {
    return `Take .gitmodules out of ${appsRepoUrl(platform)}; Argo CD's checkout stays broken until kubectl rollout restart deployment argocd-repo-server -n ${namespace}.`;
  }
  if (/out-of-bounds symlink/.test(message)) return `Take the link out of ${appsRepoUrl(platform)}.`;
  return /repository|authentication|ls-remote|fetch|dial tcp|git files/i.test(message)
    ? `Give Argo CD read access to ${appsRepoUrl(platform)}; argocd repo list shows what it can read.`
    : undefined;
}
