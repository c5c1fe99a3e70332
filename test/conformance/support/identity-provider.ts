import { createSign, generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a forge says of a build, in the token that it gives it. */
export interface Build {
  /** `owner/name` */
  readonly repository: string;
  readonly repositoryId: number;
  /** Of the commit that is built. */
  readonly sha: string;
  /** E.g. `refs/pull/7/merge`. */
  readonly ref: string;
  /** The workflow that runs, as `owner/name/path@ref`. */
  readonly workflow: string;
}

/** What GitLab says of a job, in the token that it gives it. */
export interface GitLabJob {
  /** Path of the project: `acme/shop`. */
  readonly project: string;
  readonly projectId: number;
  readonly sha: string;
  /** Name of the branch. */
  readonly branch: string;
}

/** An OpenID Connect provider on this machine that gives the tokens of builds, as Fulcio reads them. */
export class IdentityProvider {
  readonly #keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
  readonly #server: Server;
  /** By the authorization of their requests. */
  readonly #jobs = new Map<string, Build>();

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<IdentityProvider> {
    const server = createServer();
    const provider = new IdentityProvider(server);
    server.on('request', (request, response) => {
      const job = provider.#jobs.get(request.headers.authorization?.toLowerCase() ?? '');
      if (job !== undefined) return response.end(JSON.stringify({ value: provider.token(job) }));
      const isKeys = request.url === '/keys';
      return response
        .setHeader('content-type', 'application/json')
        .end(JSON.stringify(isKeys ? provider.#jwks : provider.#about));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return provider;
  }

  /** The environment in which a job of GitHub's that may write `id-token` gets its tokens. */
  job(build: Build): Readonly<Record<string, string>> {
    const secret = `job-${this.#jobs.size}`;
    this.#jobs.set(`bearer ${secret}`, build);
    const url = `${this.issuer}/token?api-version=2.0`;
    return { GITHUB_ACTIONS: 'true', ACTIONS_ID_TOKEN_REQUEST_URL: url, ACTIONS_ID_TOKEN_REQUEST_TOKEN: secret };
  }

  get issuer(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get #about() {
    const { issuer } = this;
    return {
      issuer,
      authorization_endpoint: `${issuer}/authorize`,
      jwks_uri: `${issuer}/keys`,
      response_types_supported: ['id_token'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['RS256'],
    };
  }

  get #jwks() {
    const key = { ...this.#keys.publicKey.export({ format: 'jwk' }), kid: 'one', alg: 'RS256', use: 'sig' };
    return { keys: [key] };
  }

  /** Source: https://docs.github.com/en/actions/reference/security/oidc */
  token({ repository, repositoryId, sha, ref, workflow }: Build): string {
    const now = Math.floor(Date.now() / 1000);
    const [owner = ''] = repository.split('/');
    const claims = {
      ...{
        iss: this.issuer,
        aud: 'sigstore',
        sub: `repo:${repository}:pull_request`,
        iat: now,
        nbf: now,
        exp: now + 600,
      },
      ...{ sha, ref, repository, repository_id: String(repositoryId), event_name: 'pull_request' },
      ...{
        job_workflow_ref: workflow,
        job_workflow_sha: sha,
        workflow: 'build',
        workflow_ref: workflow,
        workflow_sha: sha,
      },
      ...{ repository_owner: owner, repository_owner_id: '1', repository_visibility: 'private' },
      ...{ runner_environment: 'github-hosted', run_id: '1', run_attempt: '1' },
    };
    return this.#signed(claims);
  }

  /** Source: https://docs.gitlab.com/ci/secrets/id_token_authentication/ */
  gitLabToken({ project, projectId, sha, branch }: GitLabJob): string {
    const now = Math.floor(Date.now() / 1000);
    const [namespace = ''] = project.split('/');
    const ref = `refs/heads/${branch}`;
    return this.#signed({
      ...{ iss: this.issuer, aud: 'sigstore', iat: now, nbf: now, exp: now + 600 },
      ...{
        sub: `project_path:${project}:ref_type:branch:ref:${branch}`,
        ref: branch,
        ref_type: 'branch',
        ref_path: ref,
      },
      ...{ project_path: project, project_id: String(projectId), namespace_path: namespace, namespace_id: '1' },
      ...{ ci_config_ref_uri: `gitlab.com/${project}//.gitlab-ci.yml@${ref}`, ci_config_sha: sha, sha },
      ...{ pipeline_id: '1', pipeline_source: 'merge_request_event', job_id: '1', project_visibility: 'private' },
      ...{ runner_environment: 'gitlab-hosted', runner_id: 1, user_login: 'mia', user_id: '1', jti: `${now}` },
    });
  }

  #signed(claims: object): string {
    const parts = [{ alg: 'RS256', typ: 'JWT', kid: 'one' }, claims];
    const text = parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
    return `${text}.${createSign('sha256').update(text).sign(this.#keys.privateKey, 'base64url')}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
