import { invalidInput } from '../../core/errors.ts';

/** One Application for each file that matches; the file's fields become the template's parameters. */
export interface GitFilesGenerator {
  readonly repoUrl: string;
  /** Branch, tag or commit. */
  readonly revision: string;
  /** Globs. In Argo CD's default globbing `*` also matches slashes: list what must not match in `exclude`. */
  readonly files: readonly string[];
  /**
   * Globs of files to exclude.
   * @default - none
   */
  readonly exclude?: readonly string[];
  /**
   * How often the repository is polled without a webhook, in seconds.
   * @default 180
   */
  readonly requeueAfterSeconds?: number;
}

/** Argo CD's credentials for GitHub: a token in a Secret, or the Secret of a GitHub App. */
export type GitHubCredential =
  | { readonly tokenRef: { readonly secretName: string; readonly key: string } }
  | { readonly appSecretName: string };

/**
 * One Application for each open pull request of a GitHub repository that has all labels.
 *
 * A repository that cannot be found is an error on purpose: with Argo CD's `continueOnRepoNotFoundError` a revoked token
 * or a 404 would mean "no pull requests" and delete all previews.
 */
export interface PullRequestGenerator {
  readonly owner: string;
  readonly repo: string;
  /**
   * At least one. The listing includes forks, so a label, which only people with triage permission can set, keeps
   * untrusted pull requests out.
   */
  readonly labels: readonly string[];
  /** @default - anonymous, for public repositories only */
  readonly credential?: GitHubCredential;
  /**
   * Address of the API, for GitHub Enterprise.
   * @default - https://api.github.com/
   */
  readonly api?: string;
  /**
   * How often pull requests are listed without a webhook, in seconds.
   * @default 300
   */
  readonly requeueAfterSeconds?: number;
}

/** The source of an ApplicationSet's parameters: files of a Git repository, or pull requests. */
export type ApplicationSetGenerator =
  | { readonly gitFiles: GitFilesGenerator }
  | { readonly pullRequests: PullRequestGenerator };

export function renderGenerator(generator: ApplicationSetGenerator): Record<string, unknown> {
  return 'gitFiles' in generator ? renderGitFiles(generator.gitFiles) : renderPullRequests(generator.pullRequests);
}

function renderGitFiles(git: GitFilesGenerator): Record<string, unknown> {
  if (git.files.length === 0) {
    throw invalidInput([{ field: 'generator.gitFiles.files', message: 'must name at least one file' }]);
  }
  return {
    git: {
      repoURL: git.repoUrl,
      revision: git.revision,
      files: [...git.files.map((path) => ({ path })), ...(git.exclude ?? []).map((path) => ({ path, exclude: true }))],
      requeueAfterSeconds: seconds(git.requeueAfterSeconds ?? 180),
    },
  };
}

function renderPullRequests(pulls: PullRequestGenerator): Record<string, unknown> {
  if (pulls.labels.length === 0) {
    throw invalidInput([
      {
        field: 'generator.pullRequests.labels',
        message: 'must name at least one label: without it any fork gets a preview',
      },
    ]);
  }
  return {
    pullRequest: {
      github: {
        owner: pulls.owner,
        repo: pulls.repo,
        labels: [...pulls.labels],
        api: pulls.api,
        ...pulls.credential,
      },
      requeueAfterSeconds: seconds(pulls.requeueAfterSeconds ?? 300),
    },
  };
}

function seconds(value: number): number {
  if (Number.isInteger(value) && value > 0) return value;
  throw invalidInput([
    { field: 'generator.requeueAfterSeconds', message: `must be a whole number of seconds above 0; found ${value}` },
  ]);
}
