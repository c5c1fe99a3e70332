import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openRegistries } from '../../lib/evidence/registry/open.ts';
import { type ImageReference, parseImage } from '../../lib/model/image.ts';
import { eventually } from './eventually.ts';
import { judge } from './judges.ts';
import { freePorts, Processes } from './processes.ts';
import { type CommandResult, run, tryRun } from './run.ts';

let processes: Processes;
let host: string;
let crane: string;
let cosign: (...args: readonly string[]) => Promise<CommandResult>;

beforeAll(async () => {
  const [registry, program] = [await judge('registry'), await judge('cosign')];
  crane = await judge('crane');
  processes = new Processes('images');
  const [port] = (await freePorts(1)) as [number];
  host = `127.0.0.1:${port}`;
  processes.start('registry', registry, ['-port', String(port)]);
  await eventually(async () => (await fetch(`http://${host}/v2/`)).ok, { what: 'the registry' });
  const { folder } = processes;
  cosign = (...args) => tryRun(program, args, { cwd: folder, env: { HOME: folder, COSIGN_PASSWORD: '' } });
});
afterAll(() => processes?.stop());

it('crane pushes to the registry, and cosign tells the signer from another', async () => {
  const layer = join(processes.folder, 'layer.tar');
  // Two empty blocks: an archive of nothing.
  writeFileSync(layer, Buffer.alloc(1024));
  await run(crane, ['append', '--new_layer', layer, '--new_tag', `${host}/acme/web:1`]);
  const image = `${host}/acme/web@${(await run(crane, ['digest', `${host}/acme/web:1`])).trim()}`;
  expect((await tryRun(crane, ['digest', `${host}/acme/none:1`])).stderr).toContain('NAME_UNKNOWN');

  for (const name of ['signer', 'other']) await cosign('generate-key-pair', `--output-key-prefix=${name}`);
  const verify = (key: string) => cosign('verify', `--key=${key}.pub`, '--insecure-ignore-tlog=true', image);
  expect((await verify('signer')).code).not.toBe(0);
  // The public transparency log is out of reach and no part of what is tested.
  const offline = ['--tlog-upload=false', '--use-signing-config=false', '--yes'];
  expect(await cosign('sign', '--key=signer.key', ...offline, image)).toMatchObject({ code: 0 });
  expect((await verify('signer')).code).toBe(0);
  expect((await verify('other')).code).not.toBe(0);
});

it('a real registry gives greenroom the digest that it gives crane, and says what is not there', async () => {
  const registry = openRegistries({ DOCKER_CONFIG: processes.folder });
  const resolve = (name: string) => registry.resolve(parseImage(`${host}/acme/${name}`) as ImageReference);
  const layer = join(processes.folder, 'nothing.tar');
  writeFileSync(layer, Buffer.alloc(1024));
  await run(crane, ['append', '--new_layer', layer, '--new_tag', `${host}/acme/asked:1`]);
  const digest = (await run(crane, ['digest', `${host}/acme/asked:1`])).trim();
  expect(await resolve('asked:1')).toEqual({ status: 'found', digest });
  expect(await resolve('asked:2')).toEqual({ status: 'missing' });
  expect(await resolve('none:1')).toMatchObject({ status: 'refused', reason: expect.stringContaining('acme/none') });
  expect(await resolve(`asked@${digest}`)).toEqual({ status: 'found', digest });
});
