import { inAddress, type Pages } from '../forge/pages.ts';

/** @param serverUrl e.g. `https://github.com` */
export function gitHubPages(serverUrl: string): Pages {
  return {
    file: ({ path: repository }, sha, path, line = 0) =>
      `${serverUrl}/${inAddress(repository)}/blob/${inAddress(sha)}/${inAddress(path)}${line > 0 ? `#L${line}` : ''}`,
    edit: ({ path: repository }, branch, path) =>
      `${serverUrl}/${inAddress(repository)}/edit/${inAddress(branch)}/${inAddress(path)}`,
    newFile: ({ path: repository }, branch, path) =>
      `${serverUrl}/${inAddress(repository)}/new/${inAddress(branch)}?filename=${inAddress(path)}`,
    commit: ({ path: repository }, sha) => `${serverUrl}/${inAddress(repository)}/commit/${inAddress(sha)}`,
    pullRequest: ({ path: repository, number }) => `${serverUrl}/${inAddress(repository)}/pull/${number}`,
    builds: ({ path: repository, number }) => `${serverUrl}/${inAddress(repository)}/pull/${number}/checks`,
  };
}
