import { invalidInput, type Position, type Problem } from '../core/errors.ts';
import type { FileSet } from '../core/fileset.ts';
import { isRecord } from '../core/json.ts';
import {
  type FieldPath,
  fieldName,
  type Loaded,
  MAX_PLATFORM_BYTES,
  type Positions,
  parseSafeYaml,
} from '../model/load.ts';
import type { Preview } from '../model/preview.ts';
import { adapted, adaptProblems, type ManifestSettings } from './adapt.ts';
import { keyProblems } from './encrypted-keys.ts';
import type { Manifest } from './files.ts';
import { foreignFile } from './foreign-files.ts';
import { metadataProblems } from './manifest-metadata.ts';

/** One object of the maker's own manifests, moved into the preview's namespace. */
export interface MakerManifest {
  readonly object: Manifest;
  /** Start of the object. */
  readonly position: Position;
  /** Positions of its fields. */
  readonly positions: Positions;
}

const MAX_OBJECTS = 100;

/** For all files together. Safe YAML parsing takes time in proportion to the length. */
const MAX_TOTAL_BYTES = 1024 * 1024;

/** One document of the maker's own manifests, as written. */
export interface MakerDocument {
  readonly value: unknown;
  readonly positions: Positions;
}

/**
 * Parses the maker's own manifests, without changes.
 *
 * @throws GreenroomError `invalid-input` with every problem of every file
 */
export function parseManifests(preview: Loaded<Preview>, manifests: FileSet | null): readonly MakerDocument[] {
  const folder = preview.value.spec.manifests;
  if (folder === undefined) return [];
  if (manifests === null) {
    const place = preview.positions.of(['spec', 'manifests']);
    throw invalidInput([{ ...place, field: 'spec.manifests', message: `there is no folder ${folder}` }]);
  }
  const texts = manifestTexts(manifests);
  const total = [...texts.values()].reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  if (total > MAX_TOTAL_BYTES) {
    const message = `contains ${total} bytes of manifests; at most ${MAX_TOTAL_BYTES} are allowed`;
    throw invalidInput([{ file: folder, message }]);
  }
  const problems: Problem[] = [];
  const documents: MakerDocument[] = [];
  for (const [path, text] of texts) {
    const parsed = parseSafeYaml(text, { file: path, maxBytes: MAX_PLATFORM_BYTES, documents: 'many' });
    const values = parsed.documents.map(({ value }) => value);
    const foreign = foreignFile(path, values, text);
    if (foreign !== undefined) problems.push({ file: path, message: foreign });
    else if (parsed.problems.length > 0) problems.push(...parsed.problems);
    else documents.push(...parsed.documents);
  }
  if (documents.length > MAX_OBJECTS) {
    problems.push({
      file: folder,
      message: `contains ${documents.length} objects; at most ${MAX_OBJECTS} are allowed`,
    });
  }
  if (problems.length > 0) throw invalidInput(problems);
  return documents;
}

/**
 * Reads the maker's own manifests and adapts them to the preview. The rules are checked later; here they only have to
 * be objects that can be committed.
 *
 * @throws GreenroomError `invalid-input` with every problem of every file
 */
export function readManifests(
  preview: Loaded<Preview>,
  manifests: FileSet | null,
  settings: ManifestSettings,
): readonly MakerManifest[] {
  const problems: Problem[] = [];
  const objects = parseManifests(preview, manifests).map(({ value, positions }) => {
    const [object, complaints] = readObject(value, positions, settings);
    problems.push(...complaints);
    return { object, position: positions.of([]), positions };
  });
  if (problems.length > 0) throw invalidInput(problems);
  return objects;
}

/** The files of a folder whose names end like manifests. Other files, such as notes, are skipped. */
export function manifestTexts(files: FileSet | null): FileSet {
  return new Map([...(files ?? [])].filter(([path]) => /\.(ya?ml|json)$/i.test(path)));
}

/** An object as it will be committed, or why it cannot be. */
function readObject(value: unknown, positions: Positions, settings: ManifestSettings): [Manifest, Problem[]] {
  const unfit = adaptProblems(value, settings).map(({ path, atKey, message }) => ({
    ...(atKey ? positions.ofKey(path) : positions.of(path)),
    field: fieldName(path),
    message,
  }));
  const object = adapted(value, settings);
  const complaints = [...unfit, ...shapeProblems(object, positions)];
  return [complaints.length > 0 ? (object as Manifest) : brought(object as Manifest, settings.name), complaints];
}

/**
 * The object in the preview's namespace. An object that names another namespace keeps it, so that the rule can report
 * it.
 */
function brought(object: Manifest, namespace: string): Manifest {
  const { metadata } = object;
  return {
    ...(withoutNulls(object) as Manifest),
    metadata: {
      ...(withoutNulls(metadata) as Manifest['metadata']),
      name: metadata?.name ?? '',
      namespace: metadata?.namespace ?? namespace,
    },
  };
}

/**
 * Removes null members. Rules treat them as missing, while an API server would read some as empty or zero. The checked
 * object must equal the committed one.
 */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isRecord(value)) return value;
  const entries = Object.entries(value).filter(([, member]) => member !== null);
  return Object.fromEntries(entries.map(([key, member]) => [key, withoutNulls(member)]));
}

function shapeProblems(value: unknown, positions: Positions): Problem[] {
  const at = (path: FieldPath, message: string): Problem => ({
    ...positions.of(path),
    ...(path.length === 0 ? {} : { field: fieldName(path) }),
    message,
  });
  if (!isRecord(value) || !('apiVersion' in value || 'kind' in value)) {
    return [at([], 'is not a Kubernetes object: it needs apiVersion, kind and metadata')];
  }
  const problems: Problem[] = [];
  for (const field of ['apiVersion', 'kind']) {
    if (typeof value[field] !== 'string' || value[field] === '') problems.push(at([field], 'must be a text'));
  }
  const metadata = value['metadata'] ?? {};
  if (!isRecord(metadata)) return [...problems, at(['metadata'], 'must contain a name')];
  // A List has no name of its own. Its author should see only the rule against lists.
  const isList = typeof value['kind'] === 'string' && value['kind'].endsWith('List');
  if (!isList && !isName(metadata['name'])) {
    problems.push(at(['metadata', 'name'], 'must be a name of lower-case letters, digits, dashes and dots'));
  }
  if (metadata['namespace'] !== undefined && typeof metadata['namespace'] !== 'string') {
    problems.push(at(['metadata', 'namespace'], 'must be a text'));
  }
  return [
    ...problems,
    ...[...metadataProblems(value), ...keyProblems(value)].map(({ path, message }) => at(path, message)),
  ];
}

function isName(value: unknown): boolean {
  return typeof value === 'string' && value.length <= 253 && /^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$/.test(value);
}
