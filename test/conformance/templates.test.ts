import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { TemplateAnswers } from '../../lib/create/answers.ts';
import type { PodSpec } from '../../lib/model/kube.ts';
import { ANSWERS, compileProject, POSTGRES, projectOf, written } from '../support/project-templates.ts';
import type { BuiltImage } from './node/images.ts';
import { isQuick, isRoot, podsOfFile } from './node/pods.ts';
import { run } from './run.ts';

const { images, started } = podsOfFile();

/** What a maker who asks for `/` and for the health of a new app gets, in the pod that is committed for it. */
async function answers(template: string, given: TemplateAnswers, more: Readonly<Record<string, BuiltImage>> = {}) {
  const files = projectOf(template, given);
  const folder = written(files);
  // As the pull request's checkout has it: what a maker installs to try it is not in it.
  rmSync(join(folder, 'node_modules'), { recursive: true, force: true });
  const built: Readonly<Record<string, BuiltImage>> = {
    'ghcr.io/acme/shop': await images.ofDockerfile(folder),
    ...more,
  };
  const compiled = compileProject(files);
  const spec: PodSpec = parse(compiled.files.get(`${compiled.folder}/app/deployment.pr-shop-7.yaml`)!).spec.template
    .spec;
  const pod = await started(spec, built);
  const { health, port } = parse(files.get('preview.yaml')!).spec;
  expect(spec.containers[0]?.ports?.[0]?.containerPort).toBe(port);
  return { health: (await pod.get(health)).status, page: (await pod.get('/')).body, pod };
}

const { awkward = {}, yaml = {}, longest = {} } = ANSWERS;

describe.skipIf(!isRoot)('a new app, built from its Dockerfile and started as its pod says', () => {
  it.each<[string, TemplateAnswers]>([
    ['web-service-node', awkward],
    ['web-service-node', longest],
    ['function', yaml],
  ])('%s answers with %j', async (template, given) => {
    const { health, page } = await answers(template, given);
    expect(health).toBe(200);
    expect(page).toContain(given['description']);
  });

  it('static-site answers with its page, its script and its styles', async () => {
    const { health, page, pod } = await answers('static-site', awkward);
    expect(health).toBe(200);
    const [script, style] = [/src="([^"]+\.js)"/, /href="([^"]+\.css)"/].map((path) => path.exec(page)?.[1] ?? '');
    expect((await pod.get(script!)).body).toContain(awkward['description']);
    expect((await pod.get(style!)).status).toBe(200);
  });

  it.skipIf(isQuick).each<[string, TemplateAnswers, RegExp]>([
    ['sample entries', { ...awkward, sample: true }, /<li>/],
    ['an empty database', { sample: false }, /<ul><\/ul>/],
  ])('web-service-python starts with %s', async (_, given, list) => {
    const { health, page } = await answers('web-service-python', given, {
      [POSTGRES]: await images.ofBase('postgres'),
    });
    expect(health).toBe(200);
    expect(page).toMatch(list);
  });
});

describe("a new app's own tests pass where they need packages", () => {
  it.each([awkward, yaml])('of the static site, with %j', async (given) => {
    expect(await tested('static-site', given)).toContain('pass 2');
  });

  it('of the function', async () => {
    expect(await tested('function', awkward)).toContain('pass 2');
  });
});

/** What `npm test` says after `npm ci`, as the README tells to do. */
async function tested(template: string, given: TemplateAnswers): Promise<string> {
  const cwd = written(projectOf(template, given));
  await run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline'], {
    cwd,
    timeoutMs: 300_000,
  });
  return run('npm', ['test'], { cwd, timeoutMs: 300_000 });
}
