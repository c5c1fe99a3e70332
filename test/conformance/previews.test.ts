import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { createCompiler } from '../../lib/compile/compile.ts';
import type { CompiledPreview } from '../../lib/compile/compiler.ts';
import { isDenial } from '../../lib/core/finding.ts';
import { loadPlatform, loadPreview } from '../../lib/model/files.ts';
import type { PlatformSpec } from '../../lib/model/platform.ts';
import { compileOptions } from '../../lib/policies/engines/index.ts';
import { RULES } from '../../lib/policies/rules/index.ts';
import { anyPreview, ROOMY_PLATFORM } from '../support/any-preview.ts';
import { OPENED, platformText } from '../support/inputs.ts';
import {
  ANSWERS,
  choicesOf,
  compileProject,
  PROJECT_TEMPLATES,
  projectOf,
  projectPlatform,
} from '../support/project-templates.ts';
import fc from '../support/property.ts';
import { compileUsual, USUAL_APPS, usualPlatform } from '../support/usual-apps.ts';
import { type Cluster, startCluster } from './cluster.ts';
import { judge } from './judges.ts';
import { ApiServer, type Manifest } from './policies/api-server.ts';
import { JUDGES, type JudgeColumn, judgeAll, looksAt, type Subject } from './policies/matrix.ts';
import { run } from './run.ts';

let cluster: Cluster;
let api: ApiServer;

beforeAll(async () => {
  await judge('kyverno');
  await judge('gator');
  cluster = await startCluster();
  const { users } = JSON.parse(readFileSync(cluster.kubeconfig, 'utf8'));
  api = new ApiServer({ server: cluster.server, token: users[0].user.token });
});
afterAll(async () => {
  api?.close();
  await cluster?.stop();
});

/** What of a preview its makers' side writes, and the namespace that holds it. */
function objectsOf({ files, folder }: CompiledPreview): { app: Manifest[]; namespace: Manifest } {
  const all = [...files].filter(([path]) => path.endsWith('.yaml')).map(([path, text]) => [path, parse(text)] as const);
  return {
    app: all.filter(([path]) => path.startsWith(`${folder}/app/`)).map(([, object]) => object),
    namespace: all.map(([, object]) => object).find(({ kind }) => kind === 'Namespace'),
  };
}

/** What each judge has against the objects of these previews, as `rule: label Kind/name`; and what it could not read. */
async function complaints(
  platform: PlatformSpec,
  compiled: ReadonlyMap<string, CompiledPreview>,
  round: string,
  columns: readonly JudgeColumn[],
): Promise<ReadonlyMap<JudgeColumn, string[]>> {
  const options = compileOptions(platform, 'vap');
  const previews = [...compiled].map(([label, preview]) => ({ label, ...objectsOf(preview) }));
  const subjects = previews.flatMap(({ label, app }) => app.map((object): Subject => ({ label, object })));
  const namespaces = previews.map(({ namespace }) => namespace);
  const matrix = await judgeAll({
    ...{ api, rules: RULES, options, params: options.params, subjects, columns, round },
    namespaces,
  });
  // Not every command line knows what is asked: of namespaces, some see the name alone.
  const isAsked = (column: JudgeColumn, id: string, subject: Subject) =>
    RULES.some((rule) => rule.id === id && looksAt(column, rule, subject, namespaces));
  const said = (
    column: JudgeColumn,
    verdicts: readonly { refusals: ReadonlyMap<string, string>; invalid?: string }[],
  ) =>
    verdicts.flatMap(({ refusals, invalid }, i) => {
      const { label, object } = subjects[i]!;
      const place = `${label} ${object.kind}/${object.metadata.name}`;
      const unread = invalid === undefined || invalid.startsWith('not asked') ? [] : [`${place}: ${invalid}`];
      const refused = [...refusals.keys()].filter((rule) => isAsked(column, rule, subjects[i]!));
      return [...unread, ...refused.map((rule) => `${rule}: ${place}`)];
    });
  return new Map([...matrix].map(([column, verdicts]) => [column, said(column, verdicts).sort()]));
}

describe('the usual apps', () => {
  const platforms = [...new Set(USUAL_APPS.map((app) => usualPlatform(app).text))];

  it('pass every engine, and are taken by a real API server', async () => {
    for (const [round, text] of platforms.entries()) {
      const apps = USUAL_APPS.filter((app) => usualPlatform(app).text === text);
      const compiled = new Map(apps.map((app) => [app, compileUsual(app)]));
      const found = await complaints(usualPlatform(apps[0]!).spec, compiled, `usual-${round}`, JUDGES);
      expect([...found.keys()]).toEqual(JUDGES);
      expect([...found.values()].flat()).toEqual([]);
    }
  });

  it("are what Kubernetes' own Pod Security `restricted` asks of pods", async () => {
    const pods = USUAL_APPS.flatMap((app) => objectsOf(compileUsual(app)).app)
      .map((object) => (object['spec'] as { template?: object }).template)
      .filter((template) => template !== undefined);
    expect(pods.length).toBeGreaterThan(USUAL_APPS.length);
    const verdicts = JSON.parse(await run(await judge('podsecurity'), [], { stdin: JSON.stringify(pods) }));
    expect(verdicts.filter(({ allowed }: { allowed: boolean }) => !allowed)).toEqual([]);
  });
});

describe('what greenroom new makes', () => {
  /** The shortest name that a repository can have, a usual one, and the longest. */
  const repositories = ['a', 'shop', `a${'-1'.repeat(18)}-z0`];

  it('passes every engine with any answers, and is taken by a real API server', async () => {
    const compiled = new Map<string, CompiledPreview>();
    for (const name of PROJECT_TEMPLATES) {
      for (const choices of choicesOf(name)) {
        const repository = repositories[compiled.size % repositories.length]!;
        const made = Object.values(ANSWERS).map((given) =>
          projectOf(name, { ...given, ...choices }, `acme/${repository}`),
        );
        // What people type is in no preview.yaml; only what they choose is.
        expect(new Set(made.map((files) => files.get('preview.yaml'))).size).toBe(1);
        compiled.set(`${name} ${JSON.stringify(choices)}`, compileProject(made[0]!, repository));
      }
    }
    const found = await complaints(projectPlatform, compiled, 'new', JUDGES);
    expect([...found.keys()]).toEqual(JUDGES);
    expect([...found.values()].flat()).toEqual([]);
  });
});

describe('any preview.yaml that is right', () => {
  const settings = Object.entries({ ...ROOMY_PLATFORM, ingress: { kind: 'gateway' } });
  const text = platformText(settings.map(([name, value]) => `${name}: ${JSON.stringify(value)}`).join('\n'));
  const platform = loadPlatform(text, 'greenroom.yaml').value.spec;
  const compile = createCompiler({ platform, now: OPENED });
  const seed = Number(process.env['GREENROOM_SEED'] ?? 20_261_124);

  /** Some of them ask for what the rules refuse. */
  const asked = fc
    .tuple(anyPreview, fc.constantFrom('kept', 'kept', 'foreign image', 'foreign app'))
    .map(([spec, how]) => {
      if (how === 'foreign image') return { ...spec, image: 'docker.io/library/nginx' };
      if (how === 'foreign app')
        return { ...spec, apps: { other: { template: 'web-service', image: 'ghcr.io/acme-evil/x', path: '/other' } } };
      return spec;
    });

  it('becomes objects that a real API server takes, and the same verdict before commit and at admission', async () => {
    const compiled = new Map(
      fc.sample(asked, { seed, numRuns: 80 }).map((spec, i) => [
        `preview ${i}`,
        compile({
          preview: loadPreview(JSON.stringify({ apiVersion: 'greenroom.dev/v1alpha1', kind: 'Preview', spec }), 'p'),
          manifests: null,
          identity: { repositoryId: 42, owner: 'acme', repository: 'any', number: i + 1 },
          headSha: 'a'.repeat(40),
          author: 'mia',
          labels: [],
          times: { createdAt: OPENED, updatedAt: OPENED, committedAt: OPENED },
        }),
      ]),
    );
    const expected = [...compiled].flatMap(([label, { findings }]) =>
      findings.filter(isDenial).map(({ rule, object }) => `${rule}: ${label} ${object.kind}/${object.name}`),
    );
    const found = await complaints(platform, compiled, 'any', ['kube-apiserver']);
    expect(found.get('kube-apiserver')).toEqual([...new Set(expected)].sort());
    // Both verdicts are among them.
    const denied = [...compiled.values()].filter((preview) => preview.denied).length;
    expect(denied).toBeGreaterThan(10);
    expect(denied).toBeLessThan(70);
  });
});
