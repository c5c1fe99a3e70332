import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { openImages } from '../../lib/cli/shared/clients.ts';
import { newAppsRepo } from '../../lib/scaffold/init.ts';
import { syncPullRequest } from '../../lib/sync/sync.ts';
import { bareRepo, git } from '../support/git.ts';
import { previewText } from '../support/inputs.ts';
import { World } from '../support/world.ts';
import { type JudgeName, judge } from './judges.ts';
import { installed } from './npm.ts';
import { run, tryRun } from './run.ts';
import { type Registries, startRegistries } from './support/registries.ts';
import { Sigstore } from './support/sigstore.ts';
import { serveTuf } from './support/tuf.ts';
import { runJob, type WorkflowJob } from './support/workflow-run.ts';

// Scanners take an hour to build: with GREENROOM_SCANNERS the builds are run, without it they are read alone.
const SWITCH = process.env['GREENROOM_SCANNERS'];

const folder = mkdtempSync(join(tmpdir(), 'greenroom-builds-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The laid-down files of an apps repo for a registry. */
const laidDown = (registry: string, more = '') =>
  newAppsRepo({
    version: '1.0.0',
    platform: `apiVersion: greenroom.dev/v1alpha1
kind: Platform
spec:
  domain: apps.example.com
  sources: [{ owner: acme }]
  registries: [${registry}]
${more}`,
  });

/** A clone of a micro app on GitLab that includes the build, with GitLab's variables of a merge request. */
function merged(registry: string, dir: string, variables: Readonly<Record<string, string>>) {
  mkdirSync(join(dir, 'ci'), { recursive: true });
  writeFileSync(join(dir, 'ci/build.gitlab-ci.yml'), laidDown(registry).get('ci/build.gitlab-ci.yml')!);
  writeFileSync(join(dir, '.gitlab-ci.yml'), 'include:\n  - local: ci/build.gitlab-ci.yml\n');
  const all = { CI_PIPELINE_SOURCE: 'merge_request_event', CI_MERGE_REQUEST_PROJECT_ID: '1', ...variables };
  return Object.entries(all).flatMap(([name, value]) => ['--variable', `${name}=${value}`]);
}

async function gitlab(dir: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const program = join(await installed('gitlab-ci-local'), 'node_modules/.bin/gitlab-ci-local');
  return tryRun(process.execPath, [program, ...args], {
    cwd: dir,
    env: { HOME: folder, GCL_IGNORE_PREDEFINED_VARS: 'CI_PIPELINE_SOURCE', ...env },
    timeoutMs: 600_000,
  });
}

function repository(dir: string, files: Readonly<Record<string, string>>): string {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), text);
  }
  const at = (...args: string[]) => git(dir, args);
  at('init', '--quiet', '--initial-branch=main');
  at('remote', 'add', 'origin', 'git@gitlab.example.com:acme/shop.git');
  at('add', '.');
  at('-c', 'user.name=mia', '-c', 'user.email=mia@example.com', 'commit', '--quiet', '--message=x');
  return at('rev-parse', 'HEAD');
}

/** The forge's merge of a head into its base branch. */
function mergeOf(repository: string, head: string): string {
  const commit = (message: string, ...parents: string[]) => {
    const named = parents.flatMap((parent) => ['-p', parent]);
    return git(repository, ['commit-tree', `${head}^{tree}`, '-m', message, ...named]);
  };
  return commit('merge', commit('base'), head);
}

describe('the build for GitLab', () => {
  const jobs = async (variables: Readonly<Record<string, string>>) => {
    const dir = mkdtempSync(join(folder, 'listed-'));
    const args = merged('ghcr.io/acme', dir, variables);
    repository(dir, {});
    const { code, stdout } = await gitlab(dir, ['--list-json', ...args]);
    expect(code).toBe(0);
    const all = JSON.parse(stdout.slice(stdout.search(/^\[\s*[{\]]/m))) as { name: string; when: string }[];
    return all.filter(({ when }) => when !== 'never').map(({ name }) => name);
  };

  it("is right by GitLab's own schema, and builds and signs in a merge request", async () => {
    expect(await jobs({ CI_MERGE_REQUEST_SOURCE_PROJECT_ID: '1' })).toEqual(['greenroom-build', 'greenroom-evidence']);
  });

  it('signs nothing of a fork, and does nothing elsewhere', async () => {
    expect(await jobs({ CI_MERGE_REQUEST_SOURCE_PROJECT_ID: '2' })).toEqual(['greenroom-build']);
    expect(await jobs({ CI_PIPELINE_SOURCE: 'push' })).toEqual([]);
  });

  it('has nothing that shellcheck objects to', async () => {
    const file = parse(laidDown('ghcr.io/acme').get('ci/build.gitlab-ci.yml')!);
    const scripts = ['greenroom-build', 'greenroom-evidence'].map((name) => file[name].script[0] as string);
    for (const stdin of scripts) {
      const { code, stdout } = await tryRun(await judge('shellcheck'), ['--shell=bash', '-'], { stdin });
      expect([code, stdout]).toEqual([0, '']);
    }
  });
});

describe.skipIf(SWITCH === undefined)('an image that is built as the laid-down files say', () => {
  let registries: Registries;
  let host: string;
  let env: Record<string, string>;
  let keys: { private: string; public: string };

  beforeAll(async () => {
    registries = await startRegistries('builds');
    host = registries.hosts.referrers;
    const bin = join(folder, 'bin');
    mkdirSync(bin);
    for (const name of ['cosign', 'syft', 'trivy'] satisfies JudgeName[])
      symlinkSync(await judge(name), join(bin, name));
    await run(await judge('trivy-db'), [join(folder, 'trivy')]);
    const insecure = join(folder, 'registries.conf');
    writeFileSync(insecure, `[[registry]]\nlocation = "${host}"\ninsecure = true\n`);
    env = {
      HOME: folder,
      PATH: `${bin}:${process.env['PATH']}`,
      CONTAINERS_REGISTRIES_CONF: insecure,
      STORAGE_DRIVER: 'vfs',
      BUILDAH_ISOLATION: 'chroot',
      ...{ SYFT_REGISTRY_INSECURE_USE_HTTP: 'true', SYFT_CHECK_FOR_APP_UPDATE: 'false', TRIVY_NON_SSL: 'true' },
      ...{ TRIVY_CACHE_DIR: join(folder, 'trivy'), TRIVY_SKIP_DB_UPDATE: 'true', TRIVY_SKIP_JAVA_DB_UPDATE: 'true' },
      ...{ TRIVY_OFFLINE_SCAN: 'true', TRIVY_SKIP_VERSION_CHECK: 'true', TRIVY_SCANNERS: 'vuln', TRIVY_QUIET: 'true' },
    };
    await run(join(bin, 'cosign'), ['generate-key-pair'], { cwd: folder, env: { COSIGN_PASSWORD: 'secret' } });
    const read = (name: string) => readFileSync(join(folder, name), 'utf8');
    keys = { private: read('cosign.key'), public: read('cosign.pub') };
  });
  afterAll(() => registries?.stop());

  /** The files by which scanners know a system, and its packages. */
  const app = (openssl: string) => ({
    Dockerfile: 'FROM scratch\nCOPY root /\nUSER 1000\nCMD ["/app"]\n',
    'root/etc/os-release': 'ID=alpine\nVERSION_ID=3.22.1\n',
    'root/etc/alpine-release': '3.22.1\n',
    'root/lib/apk/db/installed': `P:openssl\nV:${openssl}\nA:x86_64\nS:1\nI:1\nT:openssl\nU:https://example.com/\nL:Zlib\no:openssl\n\n`,
  });

  /** A platform that asks for everything, and a pull request whose image is not built yet. */
  function world(openssl: string, name: string, trusted = `keys: [${JSON.stringify(keys.public)}]`) {
    const require = '[digest, signature, sbom, vulnerabilities, provenance]';
    const evidence = `  evidence: { require: ${require}, ${trusted} }\n`;
    const registry = `${host}/${name}`;
    const made = new World(laidDown(registry, evidence).get('greenroom.yaml')!);
    const dir = mkdtempSync(join(folder, 'app-'));
    const variables = merged(registry, dir, { CI_MERGE_REQUEST_SOURCE_PROJECT_ID: '1', CI_MERGE_REQUEST_IID: '7' });
    const sha = repository(dir, { ...app(openssl), 'preview.yaml': previewText('', `${registry}/shop`) });
    bareRepo({}, { path: join(made.forge, 'acme/shop.git') });
    git(join(made.forge, 'acme/shop.git'), ['fetch', '--quiet', dir, '+main:main']);
    // Reports have the time at which they are really written.
    made.now = Math.floor(Date.now() / 1000);
    made.pull('shop', 7, { sha, createdAt: made.now - 60, updatedAt: made.now - 60 });
    const images = openImages({ env: {}, cwd: folder } as never);
    const sync = async () =>
      (await made.with((context) => syncPullRequest({ ...context, ...images }, { path: 'acme/shop' }, 7))).state;
    return { made, sync, dir, sha, registry, variables };
  }

  /** @param keyless what the job has instead of a key */
  const builtOnGitHub = async (
    { dir, sha, registry }: ReturnType<typeof world>,
    keyless?: Readonly<Record<string, string>>,
  ) => {
    const { jobs } = parse(laidDown(registry).get('.github/workflows/build.yaml')!) as {
      jobs: { build: WorkflowJob; evidence: WorkflowJob };
    };
    const context = {
      'github.repository': 'acme/shop',
      'github.actor': 'mia',
      'github.server_url': 'https://github.com',
      'github.run_id': '1',
      'github.event.pull_request.number': '7',
      'github.event.pull_request.head.sha': sha,
      'github.event.pull_request.head.repo.full_name == github.repository': 'true',
      'inputs.image': '',
      'inputs.context': '.',
      'secrets.registry-user || github.actor': 'mia',
      'secrets.registry-password || github.token': 'token',
      'secrets.cosign-key': keyless === undefined ? keys.private : '',
      'secrets.cosign-password': keyless === undefined ? 'secret' : '',
    };
    const nothing = async () => ({});
    const build = await runJob(jobs.build, {
      ...{ cwd: dir, context, env },
      actions: {
        'actions/checkout': nothing,
        'docker/setup-buildx-action': nothing,
        'docker/login-action': nothing,
        'docker/build-push-action': async ({ context: where = '', tags = '', labels = '' }) => {
          const all = labels
            .trim()
            .split('\n')
            .flatMap((label) => ['--label', label]);
          await run('buildah', ['bud', '--quiet', '--tag', tags, ...all, where], { cwd: dir, env });
          await run('buildah', ['push', '--quiet', '--digestfile', join(dir, '.digest'), tags], { cwd: dir, env });
          return { digest: readFileSync(join(dir, '.digest'), 'utf8') };
        },
      },
    });
    const evidence = async () => {
      const cwd = mkdtempSync(join(folder, 'evidence-'));
      await runJob(jobs.evidence, {
        ...{ cwd, env: { ...env, ...keyless } },
        context: {
          ...context,
          'needs.build.outputs.image': build['image']!,
          'needs.build.outputs.digest': build['digest']!,
        },
        actions: {
          'docker/login-action': nothing,
          'sigstore/cosign-installer': nothing,
          'anchore/sbom-action/download-syft': nothing,
          'aquasecurity/trivy-action': async ({ 'image-ref': image = '', format = '', output = '' }) => {
            await run('trivy', ['image', '--format', format, '--output', output, image], { cwd, env });
            return {};
          },
        },
      });
      return readFileSync(join(cwd, '.summary'), 'utf8');
    };
    return evidence;
  };

  it('on GitHub: waits, is refused until it is signed, and becomes a preview', async () => {
    const made = world('3.0.9-r0', 'github');
    expect(await made.sync()).toMatchObject({ state: 'waiting' });
    const evidence = await builtOnGitHub(made);
    expect(await made.sync()).toMatchObject({ state: expect.stringMatching(/denied|waiting/) });
    expect(await evidence()).toContain('Report Summary');
    expect(await made.sync()).toMatchObject({ state: 'committed' });
  });

  it('on GitHub: with a known hole it is refused, and the summary names it', async () => {
    const made = world('3.0.1-r0', 'holed');
    expect(await (await builtOnGitHub(made))()).toContain('CVE-2026-1');
    const state = await made.sync();
    expect(JSON.stringify(state)).toContain('CVE-2026-1');
    expect(state).toMatchObject({ state: 'denied' });
  });

  it('on GitHub, without a key, as its certificates say: from the merge of this head, and of nothing else', async () => {
    const sigstore = await Sigstore.start();
    const tuf = await serveTuf({
      'trusted_root.json': await sigstore.root({ logs: [2] }),
      'signing_config.v0.2.json': await sigstore.signing(2),
    });
    try {
      await run('cosign', ['initialize', `--mirror=${tuf.url}`, `--root=${tuf.url}/1.root.json`], { env });
      const workflow = 'acme/ci/.github/workflows/build.yaml@refs/heads/main';
      const { issuer } = sigstore.provider;
      const identity = `{ issuer: "${issuer}", subject: "https://github.com/${workflow}" }`;
      const trusted = `identities: [${identity}], trustedRoots: [trust/sigstore.json]`;
      const built = async (name: string, ref: string) => {
        const scene = world('3.0.9-r0', name, trusted);
        scene.made.settle({ 'trust/sigstore.json': await sigstore.root({ logs: [2] }) });
        const merge = mergeOf(join(scene.made.forge, 'acme/shop.git'), scene.sha);
        const build = { repository: 'acme/shop', repositoryId: scene.made.id('shop'), sha: merge, ref, workflow };
        await (await builtOnGitHub(scene, sigstore.provider.job(build)))();
        return scene.sync();
      };
      expect(await built('keyless', 'refs/pull/7/merge')).toMatchObject({ state: 'committed' });
      expect(await built('keyless-other', 'refs/pull/8/merge')).toMatchObject({
        state: 'denied',
        findings: [{ rule: 'built-from-commit' }],
      });
    } finally {
      await tuf.stop();
      await sigstore.stop();
    }
  });

  it('on GitLab: becomes a preview', async () => {
    const made = world('3.0.9-r0', 'gitlab');
    const secrets = { GREENROOM_COSIGN_KEY: keys.private, GREENROOM_COSIGN_PASSWORD: 'secret' };
    const given = Object.entries(secrets).flatMap(([name, value]) => ['--variable', `${name}=${value}`]);
    const args = ['--force-shell-executor', ...made.variables, ...given];
    const { code, stdout, stderr } = await gitlab(made.dir, args, env);
    expect([code, code === 0 ? '' : stdout + stderr]).toEqual([0, '']);
    expect(await made.sync()).toMatchObject({ state: 'committed' });
  });
});
