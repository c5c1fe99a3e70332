import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';

/** A sample pull request: expressions of a workflow are filled in for it. */
export interface Sample {
  readonly number: number;
  readonly headSha: string;
  /** `owner/name` */
  readonly repository: string;
}

/** An image that a workflow pushes for the sample; `?` replaces what is only known during a run. */
export interface Push {
  readonly image: string;
  readonly line: number;
}

/** Content of a CI file, as far as it is known without running it. */
export interface BuildFile {
  readonly pushes: readonly Push[];
  /** Workflows of other repositories that it calls, and files that it includes. */
  readonly calls: readonly { readonly name: string; readonly image: string | null }[];
}

const MAX_BYTES = 256 * 1024;
/** Longer lines of a script are ignored. */
const MAX_LINE = 2000;

/** The merge commit, which GitHub builds by default: not the commit that a preview shows. */
const MERGE_SHA = 'f'.repeat(40);

/** Values of expressions of GitHub Actions, and of variables of both systems, for the sample. */
function valuesOf({ number, headSha, repository }: Sample): ReadonlyMap<string, string> {
  const [owner = '', name = ''] = repository.split('/');
  return new Map([
    ...['github.event.pull_request.number', 'github.event.number', 'CI_MERGE_REQUEST_IID'].map(
      (key) => [key, String(number)] as const,
    ),
    ...['github.event.pull_request.head.sha', 'CI_MERGE_REQUEST_SOURCE_BRANCH_SHA', 'CI_COMMIT_SHA'].map(
      (key) => [key, headSha] as const,
    ),
    ['CI_COMMIT_SHORT_SHA', headSha.slice(0, 8)],
    ['github.sha', MERGE_SHA],
    ['GITHUB_SHA', MERGE_SHA],
    ['github.ref_name', `${number}/merge`],
    ['github.repository', repository],
    ['GITHUB_REPOSITORY', repository],
    ['github.repository_owner', owner],
    ['github.event.repository.name', name],
  ]);
}

/** Reads a workflow of GitHub, or a `.gitlab-ci.yml`; empty if it is not YAML. */
export function readBuild(text: string, sample: Sample): BuildFile {
  const lines = new LineCounter();
  const document =
    Buffer.byteLength(text) > MAX_BYTES ? null : parseDocument(text, { lineCounter: lines, logLevel: 'silent' });
  const pushes: Push[] = [];
  const calls: { name: string; image: string | null }[] = [];
  const values = new Map(valuesOf(sample));
  walk(document?.contents ?? null, new Map(), (map, env) => {
    const known = new Map(values);
    for (const [name, value] of env) known.set(name, filled(value, known));
    const textOf = (key: string) => scalar(map.get(key, true));
    const uses = textOf('uses') ?? '';
    const settings = map.get('with', true);
    const given = (key: string) => (isMap(settings) ? scalar(settings.get(key, true)) : null);
    const at = (node: unknown) => lines.linePos((node as Node | null)?.range?.[0] ?? 0).line;
    if (/\.ya?ml@/.test(uses)) calls.push({ name: uses.replace(/@.*$/, ''), image: given('image') });
    const include = textOf('file') ?? textOf('local');
    if (include !== null && (map.has('project') || map.has('local'))) calls.push({ name: include, image: null });
    if (/^docker\/build-push-action@/.test(uses) && !/^false$/.test(given('push') ?? 'false')) {
      const line = at(isMap(settings) ? settings.get('tags', true) : map);
      for (const tag of (given('tags') ?? '').split(/[\n,]/)) {
        if (tag.trim() !== '') pushes.push({ image: filled(tag.trim(), known), line });
      }
    }
    for (const key of ['run', 'script']) {
      const node = map.get(key, true);
      const script = isSeq(node) ? node.items.map((item) => scalar(item) ?? '').join('\n') : scalar(node);
      for (const image of pushedBy(script ?? '')) pushes.push({ image: filled(image, known), line: at(node) });
    }
  });
  return { pushes, calls };
}

type AnyMap = Extract<Node, { items: unknown[]; has: (key: unknown) => boolean }> & {
  get(key: string, keepScalar: true): unknown;
  has(key: string): boolean;
};

/** Every map of a document, with the variables that are set there. */
function walk(
  node: unknown,
  env: ReadonlyMap<string, string>,
  visit: (map: AnyMap, env: ReadonlyMap<string, string>) => void,
): void {
  if (isSeq(node)) for (const item of node.items) walk(item, env, visit);
  if (!isMap(node)) return;
  const own = ['env', 'variables'].flatMap((key) => {
    const map = node.get(key, true);
    if (!isMap(map)) return [];
    return map.items.flatMap(({ key: name, value }): [string, string][] => {
      const text = scalar(value);
      return text === null
        ? []
        : [
            [String(scalar(name)), text],
            [`env.${scalar(name)}`, text],
          ];
    });
  });
  const inner = new Map([...env, ...own]);
  visit(node as unknown as AnyMap, inner);
  for (const { value } of node.items) walk(value, inner, visit);
}

function scalar(node: unknown): string | null {
  return isScalar(node) && node.value !== null ? String(node.value) : null;
}

const PUSHES = [
  /\b(?:docker|podman|buildah|nerdctl)\s+(?:image\s+|manifest\s+)?push\s+(?:--?\S+\s+)*["']?([^\s"'&|;]+)/g,
  /\b(?:docker|podman|nerdctl)\s+(?:buildx\s+)?build\b(?=[^\n]*--push)[^\n]*?\s(?:-t|--tag)[\s=]["']?([^\s"'&|;]+)/g,
  /\bcrane\s+(?:push|append|copy)\s+[^\n]*?["']?([^\s"'&|;]+:[^\s"'&|;]+)["']?\s*$/gm,
  /\bko\s+build\b[^\n]*--tags[\s=]["']?([^\s"'&|;]+)/g,
];

/** Images that a shell script pushes, with its simple variables filled in. */
function pushedBy(script: string): string[] {
  const whole = script.replace(/\\\n\s*/g, ' ').split('\n');
  const joined = whole.filter((line) => line.length <= MAX_LINE).join('\n');
  const own = new Map(
    [...joined.matchAll(/^\s*(?:export\s+)?([A-Za-z_]\w*)=["']?([^\s"'`;]*)["']?\s*$/gm)].map(
      ([, name, value]) => [name!, value!] as const,
    ),
  );
  return PUSHES.flatMap((pattern) => [...joined.matchAll(pattern)].map(([, image]) => shell(image!, own)));
}

function shell(text: string, own: ReadonlyMap<string, string>): string {
  return text.replace(/\$\{?([A-Za-z_]\w*)\}?/g, (whole, name: string) => {
    const value = own.get(name);
    return value === undefined || value.includes('$(') ? whole : value;
  });
}

/** How deep variables may refer to variables. */
const MAX_ROUNDS = 5;

function filled(text: string, known: ReadonlyMap<string, string>): string {
  let result = text;
  for (let round = 0; round < MAX_ROUNDS && result.includes('$'); round += 1) {
    result = result
      .replace(/\$\{\{\s*([\w.-]+)\s*\}\}/g, (_, name: string) => known.get(name) ?? '?')
      .replace(/\$\{\{[^}]*\}\}/g, '?')
      .replace(
        /\$\{([A-Za-z_]\w*):0:(\d{1,2})\}/g,
        (_, name: string, n: string) => known.get(name)?.slice(0, Number(n)) ?? '?',
      )
      .replace(/\$\{?([A-Za-z_]\w*)\}?/g, (_, name: string) => known.get(name) ?? '?')
      .replace(/\$\([^)]*\)/g, '?');
  }
  return result.replaceAll('$', '?');
}
