import { limitRangeProblems } from '../constructs/preview-namespace/limit-range.ts';
import type { Problem } from '../core/errors.ts';
import { fieldName, type Loaded } from '../model/load.ts';
import type { PlatformSpec } from '../model/platform.ts';
import type { Preview } from '../model/preview.ts';
import { quantityValue } from '../model/scalars.ts';
import type { Cost } from './cost.ts';
import type { Manifest } from './files.ts';
import type { MakerManifest } from './manifests.ts';
import type { OperatedResource } from './operated.ts';
import type { ResolvedApp } from './resolve.ts';

/** What is compared with the quota and the budget. */
export interface QuotaInput {
  readonly preview: Loaded<Preview>;
  readonly platform: PlatformSpec;
  readonly apps: readonly ResolvedApp[];
  /** Objects that greenroom creates, including the fence. */
  readonly made: readonly Manifest[];
  /** Services that operators run: what they make is counted, too. */
  readonly operated: readonly OperatedResource[];
  readonly makers: readonly MakerManifest[];
  /** Reports which of these objects do not fit into the preview's namespace. */
  readonly shortfallsOf: (objects: readonly Manifest[]) => readonly Problem[];
  readonly cost: Cost;
}

/**
 * A preview that exceeds its namespace's quota would fail silently in a ReplicaSet. It is refused here instead, with
 * the numbers, at the cause: the maker's own object, or the size of the app that requests most. One problem per cause.
 */
export function quotaShortfalls(demand: QuotaInput): Problem[] {
  const { makers, platform, shortfallsOf } = demand;
  const made = [...demand.made, ...demand.operated.flatMap(expectedOf)];
  const withoutOwn = new Set(shortfallsOf(made).map(({ field }) => field));
  const all = shortfallsOf([...made, ...makers.map(({ object }) => object)]).map(({ field = '', message }) => ({
    ...(withoutOwn.has(field) || makers.length === 0 ? settingFor(demand, field) : objectFor(demand, made, field)),
    message,
  }));
  // With too many apps, a smaller size would not help.
  const tooMany = all.filter(({ key }) => key.startsWith('spec.apps '));
  const places = tooMany.length > 0 ? tooMany : all;
  const keys = [...new Set(places.map(({ key }) => key))];
  const problems = keys.map((key): Problem => {
    const same = places.filter((place) => place.key === key);
    const { position, begin, advice } = same[0]!;
    const message = `${begin}${same.map((each) => each.message).join('; ')}. ${advice} or ask ${platform.policies.contact}`;
    return { ...position, message };
  });
  return [...problems, ...overBudget(demand)];
}

function expectedOf({ expected }: OperatedResource): readonly Manifest[] {
  return [...expected.lasting, ...expected.others];
}

/** Where a shortfall is reported, and what to do about it. */
interface Told {
  readonly key: string;
  readonly position: Omit<Problem, 'message'>;
  readonly begin: string;
  readonly advice: string;
}

function settingFor(demand: QuotaInput, field: string): Told {
  const { preview, apps } = demand;
  const say = (path: readonly string[], advice: string): Told => ({
    key: `${path.join('.')} ${advice}`,
    position: { ...preview.positions.of(path), field: fieldName(path) },
    begin: '',
    advice,
  });
  const operated = operatedFor(demand, field);
  if (operated !== undefined) return say(['spec', 'resources', operated], 'Leave it out');
  const resource = /\b(cpu|memory)\b/.exec(field)?.[1] as 'cpu' | 'memory' | undefined;
  if (resource !== undefined || field.includes('ephemeral-storage')) {
    const largest = largestBy(apps, resource ?? 'memory');
    return say([...largest.at, 'size'], smaller(demand, largest));
  }
  const referring = apps.find(({ spec }) => Object.keys(spec.secrets).length > 0);
  if (field === 'quota[secrets]' && referring !== undefined) return say([...referring.at, 'secrets'], 'Name fewer');
  if (apps.length > 1) return say(['spec', 'apps'], 'Leave out an app');
  return say(['spec', 'template'], 'Choose another template');
}

/** The first resource of an operator without which the rest fits. */
function operatedFor({ made, operated, shortfallsOf }: QuotaInput, field: string): string | undefined {
  return operated.find((one) => {
    const rest = operated.filter((other) => other !== one).flatMap(expectedOf);
    return shortfallsOf([...made, ...rest]).every((problem) => problem.field !== field);
  })?.name;
}

/** The object without which the rest fits; the folder if several objects must change. */
function objectFor({ preview, makers, shortfallsOf }: QuotaInput, made: readonly Manifest[], field: string): Told {
  const fitsWithout = (own: MakerManifest) => {
    const rest = makers.filter((other) => other !== own).map(({ object }) => object);
    return shortfallsOf([...made, ...rest]).every((problem) => problem.field !== field);
  };
  const own = makers.find(fitsWithout);
  if (own === undefined) {
    const path = ['spec', 'manifests'];
    const position = { ...preview.positions.of(path), field: fieldName(path) };
    return { key: 'manifests', position, begin: '', advice: `Ask for less in ${preview.value.spec.manifests}` };
  }
  const { kind, metadata } = own.object;
  const begin = `with the ${kind} ${metadata.name} the preview `;
  return { key: begin, position: own.position, begin, advice: 'Let it ask for less, leave it out,' };
}

function overBudget(demand: QuotaInput): Problem[] {
  const { preview, platform, apps, cost } = demand;
  const budget = platform.cost.budgets.perPreviewDay;
  if (budget === undefined || cost.perDay <= budget) return [];
  const largest = largestBy(apps, 'cpu');
  const found = `costs about ${cost.perDay} ${cost.currency} a day; a preview may cost ${budget}`;
  return [at(preview, largest, `${found}. ${smaller(demand, largest)} or ask ${platform.policies.contact}`)];
}

function largestBy(apps: readonly ResolvedApp[], resource: 'cpu' | 'memory'): ResolvedApp {
  const asked = ({ size }: ResolvedApp) => quantityValue(size.limits[resource]);
  return apps.reduce((largest, app) => (asked(app) > asked(largest) ? app : largest));
}

function smaller({ preview, apps }: Pick<QuotaInput, 'preview' | 'apps'>, { key }: ResolvedApp): string {
  const { manifests } = preview.value.spec;
  const which = apps.length === 1 ? '' : ` for ${key === null ? 'the first app' : key}, which asks for most,`;
  const own = manifests === undefined ? '' : `${which === '' ? ',' : ''} let the objects of ${manifests} need less,`;
  return `Choose a smaller size${which}${own}`;
}

function at(preview: Loaded<Preview>, app: ResolvedApp, message: string): Problem {
  return placed(preview, [...app.at, 'size'], message);
}

function placed(preview: Loaded<Preview>, path: readonly string[], message: string): Problem {
  return { ...preview.positions.of(path), field: fieldName(path), message };
}

/**
 * A container that the namespace's LimitRange refuses never starts, and only its ReplicaSet reports it. It is refused
 * here instead.
 *
 * @param fence contains the LimitRanges, including those of extensions
 * @returns one problem each; for generated objects it names the size of the app
 */
export function limitRangeShortfalls(
  preview: Loaded<Preview>,
  platform: PlatformSpec,
  apps: readonly ResolvedApp[],
  fence: readonly Manifest[],
  generated: readonly Manifest[],
  makers: readonly MakerManifest[],
): Problem[] {
  const ranges = fence.filter(({ kind }) => kind === 'LimitRange');
  const wayOut = `or ask ${platform.policies.contact}`;
  return [
    ...generated.flatMap((object) => {
      const app = apps.find(({ name }) => name === object.metadata.name) ?? apps[0]!;
      return limitRangeProblems(ranges, object).map(({ message }) =>
        at(preview, app, `${message}. Choose another size ${wayOut}`),
      );
    }),
    ...makers.flatMap(({ object, position }) =>
      limitRangeProblems(ranges, object).map(({ field, message }) => {
        const what = `${object.kind} ${object.metadata.name}, ${message}. Change it ${wayOut}`;
        return { ...position, ...(field === undefined ? {} : { field }), message: what };
      }),
    ),
  ];
}
