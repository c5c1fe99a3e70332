import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cacheFolder, makeOnce } from '../cache.ts';
import { go } from '../go.ts';
import { run, tryRun } from '../run.ts';

// Images built from Dockerfiles with Debian's buildah, without an engine. What they are built from is made here of Debian's
// and npm's packages, in the place of the bases that the Dockerfiles name: no registry is asked.

const BASES = join(import.meta.dirname, '../bases');

/** What stands in for each image that a Dockerfile begins with. */
const STAND_INS: Readonly<Record<string, string>> = {
  'docker.io/library/node:24-slim': 'node',
  'docker.io/library/python:3.13-slim': 'python',
  'docker.io/library/golang:1.26': 'golang',
  'docker.io/nginxinc/nginx-unprivileged:1.29': 'nginx',
  'docker.io/nginxinc/nginx-unprivileged:1.29-alpine': 'nginx',
  'gcr.io/distroless/static-debian12:nonroot': 'distroless',
};

const PACKAGES = ['ca-certificates', 'libcap2-bin'];

/** An image as a node has it. */
export interface BuiltImage {
  /** Folder with its files. */
  readonly root: string;
  readonly config: {
    readonly User?: string;
    readonly Env?: readonly string[];
    readonly Entrypoint?: readonly string[];
    readonly Cmd?: readonly string[];
    readonly WorkingDir?: string;
  };
}

/** With the registry that a short name stands for. */
function fullName(name: string): string {
  if (/^[^/]*[.:][^/]*\//.test(name)) return name;
  return `docker.io/${name.includes('/') ? '' : 'library/'}${name}`;
}

/** Builds images and unpacks them; what was built once from the same files is taken again. */
export class Images {
  readonly #containers: string[] = [];

  /** The image of a folder with a Dockerfile. */
  async ofDockerfile(folder: string): Promise<BuiltImage> {
    const bases = [...readFileSync(join(folder, 'Dockerfile'), 'utf8').matchAll(/^FROM (\S+)/gm)].map(
      ([, name]) => name!,
    );
    const unknown = bases.filter((name) => !Object.hasOwn(STAND_INS, fullName(name)));
    if (unknown.length > 0) throw new Error(`${folder}: nothing stands in for ${unknown.join(', ')}`);
    const contexts: string[] = [];
    for (const name of bases)
      contexts.push(`--build-context=${name}=container-image://${await base(STAND_INS[fullName(name)]!)}`);
    const tag = `localhost/greenroom/app:${hashOf([folder], contexts.join())}`;
    await build(tag, folder, join(folder, 'Dockerfile'), contexts);
    return this.#unpack(tag);
  }

  /** One of the stand-ins itself: a service of the catalogue. */
  async ofBase(name: string): Promise<BuiltImage> {
    return this.#unpack(await base(name));
  }

  async #unpack(tag: string): Promise<BuiltImage> {
    const container = (await buildah(['from', '--pull-never', tag])).trim();
    this.#containers.push(container);
    const root = (await buildah(['mount', container])).trim();
    const { OCIv1 } = JSON.parse(await buildah(['inspect', '--type', 'image', tag])) as { OCIv1: { config?: object } };
    return { root, config: OCIv1.config ?? {} };
  }

  async stop(): Promise<void> {
    if (this.#containers.length > 0) await buildah(['rm', ...this.#containers]);
  }
}

/** The tag of a base, built on first use. */
async function base(name: string): Promise<string> {
  const tag = `localhost/greenroom/${name}:${hashOf([join(BASES, 'debian'), join(BASES, name)], PACKAGES.join())}`;
  const context = mkdtempSync(join(tmpdir(), 'greenroom-base-'));
  try {
    if (await exists(tag)) return tag;
    cpSync(join(BASES, name), context, { recursive: true });
    if (name === 'debian') {
      cpSync('/etc/ssl/certs/ca-certificates.crt', join(context, 'ca-certificates.crt'));
      cpSync(await debian(), join(context, 'debian.tar'));
    }
    if (name === 'node')
      await run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: context, timeoutMs: 600_000 });
    const contexts = /^FROM localhost/m.test(readFileSync(join(context, 'Containerfile'), 'utf8'))
      ? [`--build-context=localhost/greenroom/debian=container-image://${await base('debian')}`]
      : [];
    await build(tag, context, join(context, 'Containerfile'), contexts);
    return tag;
  } finally {
    rmSync(context, { recursive: true, force: true });
  }
}

/** A Debian with all that the stand-ins run, as a tar file. */
async function debian(): Promise<string> {
  const target = join(cacheFolder(), `debian-${hashOf([join(BASES, 'debian')], PACKAGES.join())}.tar`);
  return makeOnce(target, async (draft) => {
    const without = ['man', 'doc', 'locale', 'info'].map((name) => `--dpkgopt=path-exclude=/usr/share/${name}/*`);
    const args = ['--quiet', '--variant=apt', '--format=tar', `--include=${PACKAGES.join(',')}`, ...without];
    await program('mmdebstrap', [...args, 'bookworm', draft]);
  });
}

async function exists(tag: string): Promise<boolean> {
  return (await buildah(['images', '--quiet', '--filter', `reference=${tag}`])).trim() !== '';
}

async function build(tag: string, folder: string, file: string, contexts: readonly string[]): Promise<void> {
  if (await exists(tag)) return;
  const goRoot = (await go(['env', 'GOROOT'], folder)).trim();
  await buildah([
    'bud',
    ...['--isolation=chroot', '--network=host', '--layers=false', '--quiet', `--volume=${goRoot}:/usr/local/go:ro`],
    ...contexts,
    ...[`--tag=${tag}`, `--file=${file}`, folder],
  ]);
}

function buildah(args: readonly string[]): Promise<string> {
  const store = join(cacheFolder(), 'images');
  mkdirSync(store, { recursive: true });
  const [command, ...rest] = args;
  return program('buildah', ['--root', join(store, 'root'), '--runroot', join(store, 'run'), command!, ...rest]);
}

/** Runs a program of Debian's. */
async function program(name: string, args: readonly string[]): Promise<string> {
  if ((await tryRun('sh', ['-c', `command -v ${name}`])).code !== 0) {
    throw new Error(`${name} is needed to build images: apt-get install ${name}`);
  }
  return run(name, args, { timeoutMs: 1_200_000 });
}

function hashOf(folders: readonly string[], more = ''): string {
  const hash = createHash('sha256').update(more);
  for (const folder of folders) {
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true }).sort(byPath)) {
      if (!entry.isFile()) continue;
      const path = join(entry.parentPath, entry.name);
      hash.update(`${path.slice(folder.length)}\0`).update(readFileSync(path));
    }
  }
  return hash.digest('hex').slice(0, 16);
}

function byPath(a: { parentPath: string; name: string }, b: { parentPath: string; name: string }): number {
  const [left, right] = [join(a.parentPath, a.name), join(b.parentPath, b.name)];
  return left < right ? -1 : Number(left > right);
}
