import { ApiObject, App, type Chart } from 'cdk8s';
import { sha256 } from '../core/digest.ts';
import { invalidInput, type Problem } from '../core/errors.ts';
import { compareStrings, fileSet } from '../core/fileset.ts';
import { type Finding, isDenial } from '../core/finding.ts';
import { formatImage } from '../model/image.ts';
import { previewFolder, RECORD_FILE, repoOfName } from '../model/layout.ts';
import type { Loaded } from '../model/load.ts';
import { type PlatformSpec, placementDigest } from '../model/platform.ts';
import type { Preview } from '../model/preview.ts';
import { contentsDigest, formatRecord, type PreviewRecord } from '../model/record.ts';
import { createCelCompiler } from '../policies/cel.ts';
import { adapted, type ManifestSettings } from './adapt.ts';
import { blaming, type Trial, tryPlatform } from './blame.ts';
import { previewCharts } from './charts.ts';
import type { CompiledPreview, CompileInput, Compiler, CompilerOptions } from './compiler.ts';
import { costOf, pricePerHour, totalRequests } from './cost.ts';
import { createEvaluate, type Evaluate } from './evaluate.ts';
import { EVIDENCE_RULES, type EvidenceByDigest, evidenceLines, explainedFindings, withEvidence } from './evidence.ts';
import { type Manifest, manifestFiles } from './files.ts';
import { forkProblems } from './forks.ts';
import { servicePorts } from './manifest-ports.ts';
import { type MakerManifest, manifestTexts, readManifests } from './manifests.ts';
import { type ManifestImages, manifestImages, withCommit } from './moving-images.ts';
import { notesOf } from './notes.ts';
import { limitRangeShortfalls, quotaShortfalls } from './quota.ts';
import { withRegistration } from './registration.ts';
import type { ResolvedApp } from './resolve.ts';

/**
 * Prepares a platform once, to compile any number of previews for it.
 *
 * The compiler is pure: the same input gives the same bytes, in any time zone, locale and working directory. A thrown
 * error tells whether the maker's file is wrong or the platform (`isPlatforms`).
 *
 * @throws GreenroomError `invalid-input` if the platform's settings contradict each other
 */
export function createCompiler(options: CompilerOptions): Compiler {
  return blaming(trialOf(options));
}

/**
 * Compiles correct previews with a platform's settings, extensions and rules.
 *
 * @throws GreenroomError `invalid-input`, marked as the platform's, if one of them fails whatever a maker writes
 */
export function checkPlatform(options: CompilerOptions): void {
  tryPlatform(trialOf(options));
}

function trialOf({ cel = createCelCompiler(), ...options }: CompilerOptions): Trial {
  return {
    platform: options.platform,
    positions: options.positions,
    compilerFor: (platform, extensions) =>
      plainCompiler({ ...options, cel, platform, ...(extensions === 'without' && { extensions: [] }) }),
  };
}

function plainCompiler(options: CompilerOptions): Compiler {
  const evaluate = createEvaluate(options);
  return (input) => compile(input, options, evaluate);
}

function compile(input: CompileInput, options: CompilerOptions, evaluate: Evaluate): CompiledPreview {
  const { extensions } = options;
  const platform = withRegistration(options.platform, input.registration);
  const { preview, identity, headSha } = input;
  const charts = previewCharts(new App(), { ...input, platform, extensions });
  const { name, url, resolved, reconciler } = charts;
  const { expires, evidenceLost } = charts.end;
  const [first] = resolved.apps;
  const settings: ManifestSettings = { name, values: charts.values, apps: resolved.apps, platform };
  const repository = `${identity.owner}/${identity.repository}`;
  const evidence: EvidenceByDigest = input.evidence ?? new Map();
  const note = (object: Manifest) => withEvidence(object, evidence);
  const commit = { apps: resolved.apps, headSha };
  const noteOwn = (object: Manifest) => note(withCommit(object, commit));
  const makers = readManifests(preview, input.manifests, settings).map((own) => ({
    ...own,
    object: noteOwn(own.object),
  }));
  charts.namespace.openPorts(servicePorts(makers.map(({ object }) => object)));
  const fence = objectsOf(charts.fence);
  const generated = objectsOf(charts.app).map(note);
  refuseSharedNames([...fence, ...generated], makers);

  const manifests = makers.map(({ object }) => object);
  const app = [...generated, ...manifests];
  const { operated } = charts;
  const priced = [...app, ...operated.flatMap(({ expected }) => expected.lasting)];
  const perHour = pricePerHour(totalRequests(priced, platform.namespace.limitRange), platform.cost);
  const cost = costOf(perHour, platform.cost);
  const problems = [
    ...(input.fromFork === true ? forkProblems(preview, makers) : []),
    ...limitRangeShortfalls(preview, platform, resolved.apps, fence, generated, makers),
    ...quotaShortfalls({
      preview,
      platform,
      apps: resolved.apps,
      made: [...fence, ...generated],
      operated,
      makers,
      shortfallsOf: (objects) => charts.namespace.quotaProblems(objects),
      cost,
    }),
  ];
  if (problems.length === 0) refuseInvalid([charts.fence, charts.app]);

  const namespaceObject = fence.find(({ kind }) => kind === 'Namespace');
  const evaluated = evaluate({
    name,
    repository,
    preview,
    generated,
    apps: resolved.apps,
    manifests: manifestTexts(input.manifests),
    makers,
    fence,
    committed: (object) => noteOwn(adapted(object, settings) as Manifest),
    namespaceObject,
  });
  const known = evaluated.filter(({ rule }) => !(input.evidenceLater && EVIDENCE_RULES.includes(rule)));
  const findings = explainedFindings(known, app, evidence, platform.policies.contact);
  // Report everything that must change at once.
  if (problems.length > 0) throw invalidInput([...problems, ...findings.filter(isDenial).map(asProblem)]);
  const folder = previewFolder(resolved.cluster.name, repoOfName(name), name);
  const pull = `${repository}#${identity.number}`;
  const files = fileSet([
    ...manifestFiles(`${folder}/fence`, fence, `greenroom.yaml for ${pull}`),
    ...manifestFiles(`${folder}/app`, generated, `preview.yaml of ${pull}`),
    ...manifestFiles(`${folder}/app`, manifests, `manifests of ${pull}`),
    ...(reconciler === null
      ? []
      : manifestFiles(`${folder}/${reconciler.folder}`, objectsOf(reconciler.chart), `greenroom.yaml for ${pull}`)),
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
    image: formatImage(first.image),
    imageDigest: first.image.digest ?? null,
    ...recordedImages(input.digests, resolved.apps),
    ...unversioned(resolved.apps, manifestImages(manifests, commit), platform),
    ...(evidence.size === 0 ? {} : { evidence: notedOf(evidence) }),
    ...(evidenceLost && { evidenceLost }),
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
    perHour,
    headSha,
    record,
    findings,
    evidence: evidenceLines(evidence),
    notes: notesOf(preview.value, platform),
    denied: findings.some(isDenial),
    files: fileSet([[`${folder}/${RECORD_FILE}`, formatRecord(record)], ...files]),
  };
}

function asProblem({ file, line, column, field, message, rule, fix }: Finding): Problem {
  return { file, line, column, field, message: `${message} [${rule}]`, ...(fix && { fix }) };
}

/** What the record stores about images, in addition to the first app's image. */
function recordedImages(
  digests: CompileInput['digests'] = new Map(),
  apps: readonly ResolvedApp[],
): Pick<PreviewRecord, 'images'> {
  if (apps.length === 1) return {};
  const used = new Set(apps.map(({ image }) => image.digest));
  const images = [...digests].filter(([, digest]) => used.has(digest));
  return images.length === 0 ? {} : { images: Object.fromEntries(images.sort(([a], [b]) => compareStrings(a, b))) };
}

/** The images whose commit is unknown: the name does not contain it, and provenance is not required. */
function unversioned(
  apps: readonly ResolvedApp[],
  own: ManifestImages,
  { evidence }: PlatformSpec,
): Pick<PreviewRecord, 'unversioned' | 'independent'> {
  if (evidence.require.includes('provenance')) return {};
  const named = apps
    .filter(({ namesCommit }) => !namesCommit)
    .map(({ spec: { image: written }, image: { digest, ...tagged } }) =>
      formatImage(digest !== undefined && written.includes('@') ? { ...tagged, digest } : tagged),
    );
  const all = [...new Set([...named, ...own.unversioned])];
  return {
    ...(all.length > 0 && { unversioned: all }),
    ...(own.independent.length > 0 && { independent: [...own.independent] }),
  };
}

function notedOf(evidence: EvidenceByDigest): PreviewRecord['evidence'] {
  const entries = [...evidence].map(([digest, { noted }]) => [digest, noted] as const);
  return Object.fromEntries(entries.sort(([a], [b]) => compareStrings(a, b)));
}

/** Value of {@link PreviewRecord.specDigest}. */
export function specDigestOf({ text }: Pick<Loaded<Preview>, 'text'>): string {
  return `sha256:${sha256(text)}`;
}

/**
 * The objects of a chart. `chart.toJson()` would resolve and sort the whole app again for each chart. The order does
 * not matter here, since every object gets its own file.
 */
function objectsOf(chart: Chart): Manifest[] {
  return chart.node
    .findAll()
    .filter((node) => ApiObject.isApiObject(node))
    .map((object) => (object as ApiObject).toJson() as Manifest);
}

/** Validations that constructs, including those of extensions, have added to themselves. */
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
    taken.set(key(object), 'is in these manifests twice');
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
