import { describe, expect, test } from 'vitest';
import { GreenroomError } from '../../lib/core/errors.ts';
import { loadPreview } from '../../lib/model/files.ts';
import { fieldName, parseSafeYaml } from '../../lib/model/load.ts';
import { previewText } from '../support/inputs.ts';

function said(text: string): string[] {
  try {
    loadPreview(text, 'preview.yaml');
    return [];
  } catch (error) {
    if (!(error instanceof GreenroomError)) throw error;
    return error.message.split('\n');
  }
}

const HEAD = 'apiVersion: greenroom.dev/v1alpha1\nkind: Preview\nspec:\n';
const IMAGE = '  image: ghcr.io/acme/shop\n';

describe('a file in the place of preview.yaml is called by its name, once, with the beginning of a right one', () => {
  test.each([
    ['services: { web: { image: nginx } }\n', 'a compose file'],
    ['version: "3"\nservices:\n  web:\n    image: nginx\n', 'a compose file'],
    ['apiVersion: v2\nname: shop\nversion: 1.0.0\n', 'a Helm Chart.yaml'],
    ['apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [a.yaml]\n', 'a kustomization'],
    ['resources:\n- a.yaml\n', 'a kustomization'],
    ['apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: web }\nspec: {}\n', 'a Kubernetes Deployment'],
    ['apiVersion: score.dev/v1b1\nmetadata: { name: web }\ncontainers: {}\n', 'a Score file'],
    ['on: push\njobs: { build: { runs-on: ubuntu } }\n'.replace('on:', '"on":'), 'a workflow'],
    ['apiVersion: greenroom.dev/v1alpha1\nkind: Platform\nspec: { domain: x }\n', "a platform's greenroom.yaml"],
    ['replicaCount: 1\nimage: { repository: nginx }\n', "another tool's file"],
    ['{"name": "shop", "version": "1.0.0", "scripts": {}}\n', "another tool's file"],
    ['apiVersion: skaffold/v4beta6\nkind: Config\n', 'a Skaffold file'],
    ['- a\n', 'a list'],
    ['FROM node:20\nRUN npm ci\n', 'plain text'],
    ['A=b\nC=d\n', 'plain text'],
    ['<!doctype html>\n<html></html>\n', 'plain text'],
  ])('%j', (text, name) => {
    expect(said(text)).toEqual([
      expect.stringContaining(
        `is ${name}, not a preview.yaml; one begins with apiVersion: greenroom.dev/v1alpha1, kind: Preview`,
      ),
    ]);
  });

  test.each(['', '# nothing yet\n', 'null\n'])('an empty one: %j', (text) => {
    expect(said(text)).toEqual([expect.stringMatching(/^preview\.yaml: is empty; a preview\.yaml begins with /)]);
  });
});

describe('the right cause, at the right line', () => {
  test('settings that are not indented are one thing', () => {
    expect(said(`${HEAD}template: web-service\nimage: ghcr.io/acme/shop\n`)).toEqual([
      'preview.yaml:4:1: has template, image next to spec, where they have no effect: write them below spec, each line indented by two spaces',
    ]);
  });

  test.each([
    ['command: npm start', 'found "npm start"; write it as a list: [npm, start]'],
    ['paths: web/**', 'found "web/**"; write it as a list: ["web/**"]'],
    ['args: "--say \\"a b\\""', 'write it as a list: [first, second]'],
    ['release: "login --token ghp_0123456789abcdefghijABCDEFGHIJ012345"', 'write it as a list: [first, second]'],
  ])('%s: how a list is written', (line, words) => {
    expect(said(`${HEAD}  template: web-service\n${IMAGE}  ${line}\n`)).toEqual([expect.stringContaining(words)]);
  });

  test.each([
    [
      `${HEAD}  template: web-service\n   image: ghcr.io/acme/shop\n`,
      ':5:4: is indented by 3 spaces, and the line above by 2',
    ],
    [
      `${HEAD}  template: web-service\n  env:\n    A: b\n     C: d\n`,
      ':7:6: is indented by 5 spaces, and the line above by 4',
    ],
    [`${HEAD}${IMAGE}  ttl: {{ .Values.ttl }}\n`, ':5:8: spec.ttl: holds {{ }}, which nothing replaces in this file'],
    [`${HEAD}${IMAGE}\u00a0 port: 8080\n`, ':5:1: is indented with the character U+00A0; use ordinary spaces'],
    [`${HEAD}  image:ghcr.io/acme/shop\n  port: 8080\n`, ':4:3: has no space behind its ":"'],
    [`${HEAD}  env: { A: $\{{ secrets.A }} }\n`, `:4:28: contains $\{{ }}, which no workflow replaces`],
    [`${HEAD}  template: web-service\n  image: ghcr.io/acme/shop:$\{{ github.sha }}\n`, 'no workflow replaces'],
    [
      `${HEAD}  template: web-service\n  image: ghcr.io/acme/shop:{{ .Values.tag }}\n`,
      'no template engine reads this file',
    ],
    [`${HEAD}<<<<<<< HEAD\n  size: small\n=======\n  size: large\n>>>>>>> main\n`, ':4:1: is left of a merge'],
    [previewText('ttl: 8'), ':6:8: spec.ttl: must be a time such as 90m, 8h or 3d; found 8; add a unit: 8m, 8h or 8d'],
    [previewText('ttl: 2 days'), 'found "2 days"; did you mean 2d?'],
    [previewText('ttl: 1 week'), 'did you mean 7d?'],
    [previewText('ttl: 90 minutes'), 'did you mean 90m?'],
    [previewText('ttl: 0h'), 'must be at least a minute'],
    [
      previewText('port: 80'),
      'must be 1024 or more: only root may listen below, and a preview does not run as root; let the app listen on 8080, for example; found 80',
    ],
    [previewText('manifests: deploy/'), 'without a slash at its end'],
    [previewText('secrets: { KEY: "sk_live_4eC39HqLyjWDarjtT1zdp7dc=" }'), 'this looks like the secret itself'],
    [previewText('secrets: { KEY: "sk_live_4eC39HqLyjWDarjtT1zdp7dc" }'), 'this looks like the secret itself'],
  ])('%j', (text, words) => {
    expect(said(text).join('\n')).toContain(words);
    expect(said(text).join('\n')).not.toContain('sk_live_4eC39');
  });

  const STRAIGHT = 'which would be a part of the text; use straight ones (")';
  test.each([
    ['health: “/healthz”', [`:11: spec.health: is in typographic quotes (“), ${STRAIGHT}`]],
    ['ttl: „8h“', [`:8: spec.ttl: is in typographic quotes („), ${STRAIGHT}`]],
    ['port: «8080»', [`:9: spec.port: is in typographic quotes («), ${STRAIGHT}`]],
    // Nothing else would find these: they are text that the app would get with its quotes.
    ['env: { A: ‘b’ }', [`:13: spec.env.A: is in typographic quotes (‘), ${STRAIGHT}`]],
    ['env: { A: “b, c: d” }', [`:13: spec.env.A: is in typographic quotes (“), ${STRAIGHT}`]],
    [
      'command: [“node”, “x.js”]',
      [13, 21].map((column, i) => `:${column}: spec.command[${i}]: is in typographic quotes (“), ${STRAIGHT}`),
    ],
    ['“size”: small', [':3: spec: has a key in typographic quotes (“); use straight ones ("), or none']],
    ['“size: small”', [':3: spec: has a key in typographic quotes (“); use straight ones ("), or none']],
    ['health: “/a: b”', [`:11: is in typographic quotes (“), ${STRAIGHT}`]],
    [
      'health: /healthz”',
      [
        ':11: spec.health: must be a path such as /healthz; found "/healthz”"; it contains a typographic quote (”), which is a part of the text',
      ],
    ],
    [`env: { A: it’s fine, B: "“as it is meant”", C: 'so’' } # “none”`, []],
  ])('typographic quotes: %s', (line, expected) => {
    expect(said(previewText(line))).toEqual(expected.map((words) => `preview.yaml:6${words}`));
  });

  test('a setting in typographic quotes is not missing as well', () => {
    expect(said(`${HEAD}  template: web-service\n  “image”: ghcr.io/acme/shop\n`)).toHaveLength(1);
  });

  test('one line for a merge marker each, and nothing else', () => {
    expect(said(`${HEAD}${IMAGE}<<<<<<< HEAD\n  size: small\n=======\n>>>>>>> main\n`)).toHaveLength(3);
  });

  test('what a merge marker looks like inside a value is none', () => {
    const text = 'a: |\n  <<<<<<< HEAD\n  =======\n  >>>>>>> main\n';
    expect(parseSafeYaml(text, { file: 'x' }).problems).toEqual([]);
  });
});

test('keys of Kubernetes are shown, however long; what could be a secret is not', () => {
  for (const key of [
    'requiredDuringSchedulingIgnoredDuringExecution',
    'terminationGracePeriodSeconds',
    'publishNotReadyAddresses',
    'allocateLoadBalancerNodePorts',
    'externalTrafficPolicy',
    'setHostnameAsFQDN',
  ]) {
    expect(fieldName(['spec', key])).toBe(`spec.${key}`);
  }
  expect(fieldName(['spec', 'xK9fQ2mZ7pL4vR8tW1nB5cD6'])).toContain('not shown');
  expect(fieldName(['spec', 'AbCdEfGhIjKlMnOpQrStUv'])).toContain('not shown');
});

test('many small objects in one stream are read', () => {
  const object = (i: number) =>
    `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: c${i}\n  labels: { app: web, part: a }\ndata:\n  a: b\n  c: d\n  e: f\n`;
  const text = Array.from({ length: 557 }, (_, i) => object(i)).join('---\n');
  const { documents, problems } = parseSafeYaml(text, { file: 'x', maxBytes: 1024 * 1024, documents: 'many' });
  expect([problems, documents.length]).toEqual([[], 557]);
});
