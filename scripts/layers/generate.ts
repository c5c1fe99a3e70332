import { PACKAGES, ROOMS, type Room } from './table.ts';

const names = ROOMS.map(({ name }) => name);

/** What a room may not import, as patterns of Biome's `noRestrictedImports`. */
interface Pattern {
  readonly group: readonly string[];
  readonly message: string;
}

function roomPatterns({ name, from }: Room): Pattern[] {
  const patterns: Pattern[] = [];
  if (from !== 'everything') {
    const closed = names.filter((other) => other !== name && !from.includes(other));
    const allowed = from.length === 0 ? 'nothing else in lib' : from.join(', ');
    if (closed.length > 0) {
      patterns.push({
        group: closed.map((other) => `**/${other}/**`),
        message: `lib/${name} may import from: ${allowed} (docs/architecture.md)`,
      });
    }
  }
  const packages = Object.keys(PACKAGES).filter((pack) => !PACKAGES[pack]!.includes(name));
  if (packages.length > 0) {
    patterns.push({
      group: packages.flatMap((pack) => [pack, `${pack}/**`]),
      message: 'only some rooms may import this package (docs/architecture.md)',
    });
  }
  return patterns;
}

/** Paths of the folders that a folder may not import, relative to its files. */
function neighbourPatterns(inner: NonNullable<Room['inner']>, folder: string): string[] {
  const closed = Object.keys(inner).filter((other) => other !== folder && !inner[folder]!.includes(other));
  return closed.map((other) => {
    if (folder === '.') return `./${other}/**`;
    return other === '.' ? '../*.ts' : `../${other}/**`;
  });
}

function override(includes: string, patterns: readonly Pattern[]) {
  const options = { patterns };
  return {
    includes: [includes],
    linter: { rules: { style: { noRestrictedImports: { level: 'error', options } } } },
  };
}

/** Types count as well: a reader follows them like any other import. */
const NO_CYCLES = {
  includes: ['lib/**'],
  linter: { rules: { suspicious: { noImportCycles: { level: 'error', options: { ignoreTypes: false } } } } },
};

/** The `overrides` of biome.json that enforce the layers. If two set the same rule for a file, the later one counts. */
export function linterOverrides() {
  return [NO_CYCLES, ...ROOMS.flatMap(overridesOf)];
}

function overridesOf(room: Room) {
  const patterns = roomPatterns(room);
  const { inner = {} } = room;
  const ofFolders = Object.keys(inner).flatMap((folder) => {
    const group = neighbourPatterns(inner, folder);
    if (group.length === 0) return [];
    const message = `inside lib/${room.name}, ${folder} may import from: ${inner[folder]!.join(', ') || 'itself'} (docs/architecture.md)`;
    const includes = folder === '.' ? `lib/${room.name}/*.ts` : `lib/${room.name}/${folder}/**`;
    return [override(includes, [...patterns, { group, message }])];
  });
  return [...(patterns.length === 0 ? [] : [override(`lib/${room.name}/**`, patterns)]), ...ofFolders];
}

const START = '<!-- rooms: written by `npm run layers` -->';
const END = '<!-- end of rooms -->';

function innerWords(inner: Room['inner']): string {
  if (inner === undefined) return '';
  const rows = Object.entries(inner).filter(([folder, from]) => folder !== '.' && from.length > 0);
  const words = rows.map(([folder, from]) => {
    const of = from.map((name) => (name === '.' ? 'the files beside it' : `\`${name}\``)).join(', ');
    return `\`${folder}\` from ${of}`;
  });
  return `; inside: ${words.join('; ')}`;
}

/** docs/architecture.md with its table of rooms written anew. @throws Error without the two placeholders */
export function withRoomTable(page: string): string {
  const [from, to] = [page.indexOf(START), page.indexOf(END)];
  if (from < 0 || to < from) throw new Error(`docs/architecture.md lacks ${START} or ${END}`);
  const rows = ROOMS.map(({ name, what, from: rooms, inner }) => {
    const may = rooms === 'everything' ? 'everything' : rooms.join(', ') || 'nothing else in `lib`';
    return `| \`lib/${name}\` | ${what} | ${may}${innerWords(inner)} |`;
  });
  const packages = Object.entries(PACKAGES).map(([pack, rooms]) => `\`${pack}\` in ${rooms.join(', ')}`);
  const table = ['| folder | what it is | may import |', '|---|---|---|', ...rows].join('\n');
  const text = `${START}\n\n${table}\n\nPackages that belong to some rooms only: ${packages.join('; ')}.\n\n`;
  return `${page.slice(0, from)}${text}${page.slice(to)}`;
}
