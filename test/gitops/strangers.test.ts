import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import { GreenroomError } from '../../lib/core/errors.ts';
import { gitFailure } from '../../lib/core/git/failure.ts';
import { openGitAppsRepo, type RemoteLimits } from '../../lib/gitops/open.ts';
import { afterFile } from '../support/cleanup.ts';
import { bareRepo, git, tempFolder } from '../support/git.ts';

const MIB = 1024 * 1024;
const LIMITS: RemoteLimits = {
  fileBytes: 16 * MIB,
  memoryBytes: 512 * MIB,
  timeout: 20_000,
  files: 10,
  folders: 20,
  blobBytes: 1000,
  protocols: ['file', 'http'],
};

/** Reads everything of a repository of strangers; what went wrong, or the paths. Nothing may be left behind. */
async function read(address: string, limits: Partial<RemoteLimits> = {}): Promise<[string, string] | string[]> {
  const temporaryFolder = tempFolder();
  try {
    const repo = await openGitAppsRepo(address, {
      clock: () => 0,
      readOnly: true,
      temporaryFolder,
      limits: { ...LIMITS, ...limits },
    });
    try {
      return [...(await repo.read(['**'])).files.keys()];
    } finally {
      await repo.close();
    }
  } catch (error) {
    if (!(error instanceof GreenroomError)) throw error;
    return [error.code, error.message];
  } finally {
    expect(readdirSync(temporaryFolder)).toEqual([]);
  }
}

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  afterFile(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A tree of ten entries that are the same tree, and so on: ten to the power of `levels` paths. */
function bomb(levels: number, leaf: string): string {
  const repo = bareRepo({ a: 'a' });
  const blob = git(repo, ['rev-parse', 'main:a']);
  let tree = git(repo, ['mktree'], leaf === 'file' ? `100644 blob ${blob}\tf\n` : '');
  for (let level = 0; level < levels; level++) {
    const entries = Array.from({ length: 10 }, (_, i) => `040000 tree ${tree}\td${i}\n`);
    tree = git(repo, ['mktree'], entries.join(''));
  }
  git(repo, ['update-ref', 'refs/heads/main', git(repo, ['commit-tree', tree, '-m', 'x'])]);
  return repo;
}

describe('a repository of strangers', () => {
  test('is read within its limits', async () => {
    const repo = bareRepo({ 'a/b': '1', c: '2' });
    expect(await read(`file://${repo}`)).toEqual(['a/b', 'c']);
  });

  test.each(['file', 'nothing'])('that stands for 10^10 paths of %s ends soon', async (leaf) => {
    const started = performance.now();
    const found = await read(`file://${bomb(10, leaf)}`);
    expect(found).toEqual(['invalid-input', expect.stringMatching(/has more than (10 files|20 folders)/)]);
    expect(performance.now() - started).toBeLessThan(15_000);
  });

  test('that is large is given up before it is on the disk', async () => {
    const repo = bareRepo({ big: randomBytes(3 * MIB) });
    // A server need not leave out what it was asked to leave out.
    git(repo, ['config', 'uploadpack.allowFilter', 'false']);
    const limits = { fileBytes: MIB };
    expect(await read(`file://${repo}`, limits)).toEqual(['failed', expect.stringContaining('too large')]);
    git(repo, ['config', 'uploadpack.allowFilter', 'true']);
    expect(await read(`file://${repo}`, limits)).toEqual(['failed', expect.stringContaining('too large')]);
  });

  test('with one large file that packs well is not read into memory', async () => {
    const repo = bareRepo({ big: Buffer.alloc(20 * MIB) });
    expect(await read(`file://${repo}`)).toEqual(['failed', expect.stringContaining('larger than 1000 bytes')]);
  });

  test('that lists branches without end needs no memory without end', async () => {
    const origin = await serve((_, response) => {
      response.setHeader('content-type', 'application/x-git-upload-pack-advertisement');
      response.write('001e# service=git-upload-pack\n0000');
      response.on('error', () => undefined);
      let n = 0;
      const more = (): void => {
        for (let goesOn = true; goesOn; n++) {
          const line = `${'a'.repeat(40)} refs/heads/${String(n).padStart(900, 'x')}\n`;
          goesOn = response.write((line.length + 4).toString(16).padStart(4, '0') + line);
        }
      };
      response.on('drain', more);
      more();
    });
    const found = await read(`${origin}/x.git`, { memoryBytes: 256 * MIB });
    expect(found).toEqual(['failed', expect.stringContaining('needs too much memory')]);
  });

  test('that never answers is given up, though its connection stays open', async () => {
    const origin = await serve(() => undefined);
    const found = await read(`${origin}/x.git`, { timeout: 1000 });
    expect(found).toEqual(['unreachable', expect.stringMatching(/did not (finish in time|answer)/)]);
  });

  test('is not reached by a transport that was not allowed', async () => {
    const repo = bareRepo({ a: '1' });
    expect(await read(`file://${repo}`, { protocols: ['https'] })).toEqual([
      'failed',
      expect.stringContaining("transport 'file' not allowed"),
    ]);
  });
});

test('a connection that is lost while a pack is sent is no reason to call a repository too large', () => {
  const said = 'error: RPC failed; curl 18\nfatal: early EOF\nfatal: fetch-pack: invalid index-pack output\n';
  expect(gitFailure('asking it', said)).toMatchObject({ code: 'unreachable' });
});

describe('a redirect', () => {
  const AWAY = {
    'another server': (other: string) => `${other}/x.git/info/refs?service=git-upload-pack`,
    'an address of the cloud': () => 'http://169.254.169.254/latest/meta-data/info/refs?service=git-upload-pack',
    'a file': () => 'file:///etc/passwd',
  };
  const asked = async (status: number, to: (other: string) => string) => {
    const seen: (string | undefined)[] = [];
    const other = await serve((request, response) => {
      seen.push(request.headers.authorization);
      response.end();
    });
    const origin = await serve((_, response) => response.writeHead(status, { location: to(other) }).end());
    return { seen, address: `${origin.replace('://', '://me:hunter2@')}/x.git` };
  };

  test.each(Object.entries(AWAY))('to %s is not followed, so no credentials go there', async (_, to) => {
    const { seen, address } = await asked(302, to);
    const found = await read(address);
    expect(found).toEqual(['invalid-input', expect.stringContaining('redirects to another one')]);
    expect([seen, JSON.stringify(found).includes('hunter2')]).toEqual([[], false]);
  });

  test.each([301, 303, 307, 308])('with status %s is none for an apps repo either', async (status) => {
    const { seen, address } = await asked(status, AWAY['another server']);
    await expect(openGitAppsRepo(address, { clock: () => 0 })).rejects.toThrow('redirects to another one');
    expect(seen).toEqual([]);
  });
});
