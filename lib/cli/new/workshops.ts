import { existsSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { GreenroomError } from '../../core/errors.ts';
import type { RepositoryRef } from '../../core/repository.ts';
import type { Workshop } from '../../forge/workshop.ts';
import { connection } from '../shared/clients.ts';
import { forgeKind } from '../shared/forges.ts';
import type { Io } from '../shared/io.ts';

/** Where a command opens its pull requests, and the path of the apps repo there. */
export interface Workshops {
  readonly source: Workshop;
  readonly apps: Workshop;
  readonly appsRepository: RepositoryRef;
}

/**
 * @param forge a local forge, instead of the one in GREENROOM_FORGE
 * @throws GreenroomError `invalid-input` if the apps repo does not support pull requests
 */
export async function openWorkshops(appsRepo: string, forge: string | undefined, io: Io): Promise<Workshops> {
  const connected = connection({}, io);
  const source = forge === undefined ? await (await connected()).workshop() : await local(resolve(io.cwd, forge), io);
  const path = resolve(io.cwd, appsRepo);
  if (existsSync(path)) {
    if (!path.endsWith('.git')) throw notOne(appsRepo);
    return { source, apps: await local(dirname(path), io), appsRepository: { path: basename(path, '.git') } };
  }
  if (!forgeKind(io.env).isRepository(appsRepo)) throw notOne(appsRepo);
  return { source, apps: await (await connected()).workshop(), appsRepository: { path: appsRepo } };
}

async function local(root: string, io: Io): Promise<Workshop> {
  const { LocalWorkshop } = await import('../../forge/local-workshop.ts');
  const author = (io.env['USER'] ?? '').replace(/[^A-Za-z0-9-]/g, '') || 'maker';
  return new LocalWorkshop(root, author, { ...io.env });
}

function notOne(appsRepo: string): GreenroomError {
  const what = 'has no pull requests: give OWNER/NAME, or the path of a bare repository that ends in .git';
  return new GreenroomError('invalid-input', `--apps-repo ${appsRepo} ${what}`);
}
