import { ApiObject, App, type Chart } from 'cdk8s';
import type { PreviewExtension } from '../constructs/extension.ts';
import { sha256 } from '../core/digest.ts';
import { invalidInput, type Problem } from '../core/errors.ts';
import { type FileSet, fileSet } from '../core/fileset.ts';
import { type Finding, isDenial } from '../core/finding.ts';
import type { Identity } from '../model/identity.ts';
import { previewFolder, RECORD_FILE, repoOfName } from '../model/layout.ts';
import type { Loaded } from '../model/load.ts';
import { type PlatformSpec, placementDigest } from '../model/platform.ts';
import type { Preview } from '../model/preview.ts';
import { contentsDigest, formatRecord, type PreviewRecord } from '../model/record.ts';
import type { Rule } from '../policies/rule.ts';
import { blaming, tryPlatform } from './blame.ts';
import { previewCharts } from './charts.ts';
import { type Cost, costOf, totalRequests } from './cost.ts';
import { type Manifest, manifestFiles } from './files.ts';
import { createJudge, type Judge } from './judge.ts';
import type { Times } from './lifetime.ts';
import { type MakerManifest, manifestTexts, readManifests } from './manifests.ts';
import { limitRangeShortfalls, quotaShortfalls } from './quota.ts';

export interface CompilerOptions {
  readonly platform: PlatformSpec;
  /** Text of `exceptions/*.yaml` by path. @default - none */
  readonly exceptions?: FileSet;
  /** Unix seconds at which exceptions are judged; nothing of it reaches the files. */
  readonly now: number;
  /** @default - none */
  readonly extensions?: readonly PreviewExtension[];
  /** Rules of the platform's own, beside greenroom's. @default - none */
  readonly rules?: readonly Rule[];
}

export interface CompileInput {
  readonly preview: Loaded<Preview>;
  /** The maker's own manifests by path; null when `spec.manifests` names a folder that is not there, or none is named. */
  readonly manifests: FileSet | null;
  readonly identity: Identity;
  /** Name that the preview already runs under. @default - derived from the identity */
  readonly name?: string;
  readonly headSha: string;
  readonly author: string;
  readonly labels: readonly string[];
  readonly times: Times;
  /** Digest that the image's tag stands for. @default - not asked: the tag stays */
  readonly digest?: string | undefined;
}

export interface CompiledPreview {
  readonly name: string;
  /** `previews/<cluster>/<repo>/<name>` */
  readonly folder: string;
  readonly cluster: string;
  readonly url: string;
  /** Unix seconds. */
  readonly expires: number;
  readonly cost: Cost;
  readonly headSha: string;
  readonly record: PreviewRecord;
  readonly findings: readonly Finding[];
  /** Whether a finding refuses it; the files must then not be committed. */
  readonly denied: boolean;
  /** By path from the apps repo's root. */
  readonly files: FileSet;
}

export type Compiler = (input: CompileInput) => CompiledPreview;

/**
 * Prepares a platform once and compiles any number of previews for it.
 *
 * The compiler is pure: the same input gives the same bytes, in any time zone, locale and working folder. What it
 * throws says whether the maker's file is wrong or the platform's own side (`isPlatforms`).
 *
 * @throws GreenroomError `invalid-input` when the platform's own settings do not fit together
 */
export function createCompiler(options: CompilerOptions): Compiler {
  return blaming(plainCompiler(options), options.platform);
}

/**
 * Compiles flawless previews with a platform's settings, extensions and rules.
 *
 * @throws GreenroomError `invalid-input` of the platform's when one of them cannot come out, whatever a maker writes
 */
export function checkPlatform(options: CompilerOptions): void {
  tryPlatform(plainCompiler(options), options.platform);
}

function plainCompiler(options: CompilerOptions): Compiler {
  const judge = createJudge(options);
  return (input) => compile(input, options, judge);
}

function compile(input: CompileInput, options: CompilerOptions, judge: Judge): CompiledPreview {
  const { platform, extensions } = options;
  const { preview, identity, headSha } = input;
  const charts = previewCharts(new App(), { ...input, platform, extensions });
  const { name, expires, resolved } = charts;
  const repository = `${identity.owner}/${identity.repository}`;
  const makers = readManifests(preview, input.manifests, name);
  const fence = objectsOf(charts.fence);
  const generated = objectsOf(charts.app);
  refuseSharedNames(generated, makers);

  const app = [...generated, ...makers.map(({ object }) => object)];
  const cost = costOf(totalRequests(app, platform.namespace.limitRange), platform.cost);
  const problems = [
    ...limitRangeShortfalls(preview, platform, fence, generated, makers),
    ...quotaShortfalls(preview, platform, charts.namespace.quotaProblems([...fence, ...app]), cost),
  ];
  if (problems.length === 0) refuseInvalid([charts.fence, charts.app]);

  const namespaceObject = fence.find(({ kind }) => kind === 'Namespace');
  const findings = judge({
    name,
    repository,
    preview,
    generated,
    manifests: manifestTexts(input.manifests),
    namespaceObject,
  });
  // All that there is to change is said at once.
  if (problems.length > 0) throw invalidInput([...problems, ...findings.filter(isDenial).map(asProblem)]);
  const folder = previewFolder(resolved.cluster.name, repoOfName(name), name);
  const url = `https://${charts.host}`;
  const files = fileSet([
    ...manifestFiles(`${folder}/fence`, fence),
    ...manifestFiles(`${folder}/app`, app),
    ...manifestFiles(`${folder}/flux`, charts.flux === null ? [] : objectsOf(charts.flux)),
  ]);
  const record: PreviewRecord = {
    name,
    identity: {
      repositoryId: identity.repositoryId,
      repository: `${identity.owner}/${identity.repository}`,
      number: identity.number,
    },
    author: input.author,
    headSha,
    image: resolved.image,
    imageDigest: resolved.imageDigest,
    url,
    cluster: resolved.cluster.name,
    created: input.times.createdAt,
    expires,
    cost,
    specDigest: specDigestOf(preview),
    placement: placementDigest(platform),
    contents: contentsDigest(folder, files),
  };
  return {
    name,
    folder,
    cluster: resolved.cluster.name,
    url,
    expires,
    cost,
    headSha,
    record,
    findings,
    denied: findings.some(isDenial),
    files: fileSet([[`${folder}/${RECORD_FILE}`, formatRecord(record)], ...files]),
  };
}

function asProblem({ file, line, column, field, message, rule, fix }: Finding): Problem {
  return { file, line, column, field, message: `${message} [${rule}]`, ...(fix && { fix }) };
}

/** What {@link PreviewRecord.specDigest} holds. */
export function specDigestOf({ text }: Pick<Loaded<Preview>, 'text'>): string {
  return `sha256:${sha256(text)}`;
}

/**
 * The objects of a chart. `chart.toJson()` would resolve and order the whole app again for each chart; here every
 * object becomes a file of its own, so that order means nothing.
 */
function objectsOf(chart: Chart): Manifest[] {
  return chart.node
    .findAll()
    .filter((node) => ApiObject.isApiObject(node))
    .map((object) => (object as ApiObject).toJson() as Manifest);
}

/** Rules between objects that constructs, also those of extensions, have put on themselves. */
function refuseInvalid(charts: readonly Chart[]): void {
  const errors = charts
    .flatMap((chart) => chart.node.findAll())
    .flatMap(({ node }) => node.validate().map((message) => ({ message: `${node.path}: ${message}` })));
  if (errors.length > 0) throw invalidInput(errors);
}

function refuseSharedNames(generated: readonly Manifest[], makers: readonly MakerManifest[]): void {
  const key = (object: Manifest) => `${object.kind}/${object.metadata.name}`.toLowerCase();
  const taken = new Map(generated.map((object) => [key(object), 'is made by greenroom from preview.yaml']));
  const problems = makers.flatMap(({ object, position }) => {
    const clash = taken.get(key(object));
    taken.set(key(object), 'stands in these manifests twice');
    return clash === undefined
      ? []
      : [
          {
            ...position,
            field: 'metadata.name',
            message: `${object.kind} ${object.metadata.name} ${clash}; choose another name`,
          },
        ];
  });
  if (problems.length > 0) throw invalidInput(problems);
}
