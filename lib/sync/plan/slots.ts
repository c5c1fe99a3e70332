import type { CompiledPreview } from '../../compile/compiler.ts';
import type { PullRequest } from '../../forge/forge.ts';
import type { PlatformSpec } from '../../model/platform.ts';
import type { PreviewRecord } from '../../model/record.ts';
import { aboutMoney, money } from '../../report/text.ts';
import type { Base } from './base.ts';

/** Previews planned earlier in the same run: they take and free slots. */
export interface EarlierPlans {
  readonly added: readonly PreviewRecord[];
  /** Names of previews. */
  readonly removed: ReadonlySet<string>;
}

const NOTHING_AHEAD: EarlierPlans = { added: [], removed: new Set() };

export interface SlotWait {
  readonly reason: 'places' | 'budget' | 'name';
  /** For the maker. */
  readonly sentence: string;
}

/** Whether a new preview must be checked against all the others. */
export function hasLimits({ slots, cost }: PlatformSpec): boolean {
  const limits = [slots.total, slots.perRepo, slots.perAuthor, cost.budgets.totalDay];
  return limits.some((limit) => limit !== undefined);
}

/**
 * Why a new preview has to wait; null if there is a slot. Only new previews wait: a running one never loses its slot to
 * the queue.
 */
export async function waitingFor(
  base: Base,
  pull: PullRequest,
  compiled: CompiledPreview,
  ahead: EarlierPlans = NOTHING_AHEAD,
): Promise<SlotWait | null> {
  if (!hasLimits(base.platform)) return null;
  const { slots, cost } = base.platform;
  const stored = (await base.records()).flatMap(({ record }) => (record === null ? [] : [record]));
  const records = [...stored.filter(({ name }) => !ahead.removed.has(name)), ...ahead.added];
  const full = (limit: number | undefined, taken: number) => limit !== undefined && taken >= limit;

  if (full(slots.total, records.length)) {
    return places(`${all(slots.total!)} taken; yours starts by itself. Nothing to do.`);
  }
  const ofRepo = records.filter((r) => r.identity.repositoryId === pull.repository.id);
  if (full(slots.perRepo, ofRepo.length)) {
    return places(`${all(slots.perRepo!, ' of this repository')} taken; yours starts when one of its previews ends.`);
  }
  const ofAuthor = records.filter((r) => r.author === pull.author);
  if (full(slots.perAuthor, ofAuthor.length)) {
    return places(`${all(slots.perAuthor!, ' that you may have')} taken; this one starts when another of yours ends.`);
  }
  const spent = records.reduce((sum, r) => sum + r.cost.perDay, 0);
  const budget = cost.budgets.totalDay;
  if (budget !== undefined && spent + compiled.cost.perDay > budget) {
    const sentence =
      `Previews already use ${money(spent, cost.currency)} of ${money(budget, cost.currency)} a day; this one adds ` +
      `${aboutMoney(compiled.cost.perDay, cost.currency)}. Choose a smaller size or ask ${base.platform.policies.contact}.`;
    return { reason: 'budget', sentence };
  }
  return null;
}

function all(places: number, whose = ''): string {
  return places === 1 ? `The one place${whose} is` : `All ${places} places${whose} are`;
}

function places(sentence: string): SlotWait {
  return { reason: 'places', sentence };
}
