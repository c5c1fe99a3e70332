import type { Severity } from '../core/finding.ts';
import type { RuleParams } from './params.ts';
import type { ResourceKind } from './resources.ts';

/**
 * One condition of a rule: an object passes when `cel` is true, for each item of `over` where it names a list.
 * Every condition stands for a place in the object, so that a finding can point there.
 */
export interface Condition {
  /** CEL over `object`, `params`, `namespaceObject` and `variables`; with `over`, also over the item `it`. */
  readonly cel: string;
  /** The list whose items are checked one by one. @default - the object as a whole */
  readonly over?: ItemList;
  /** Path of the field that is checked, inside the item (or pod, or object) that it belongs to. */
  readonly field: string;
  /** What {@link field} is relative to without `over`. @default object */
  readonly in?: 'object' | 'pod' | 'podSpec';
  /**
   * What makes the field pass, where there is only one thing to do: taking it out, or setting it to what a CEL text
   * gives (over the same as {@link cel}).
   * @default - nothing mechanical
   */
  readonly fix?: 'remove' | { readonly set: string };
}

/** A list whose items a {@link Condition} checks one by one. */
export interface ItemList {
  /** CEL that gives the list. */
  readonly cel: string;
  /** What the items are, for the path in a finding. A path stands for that list inside the object. */
  readonly items: 'containers' | 'ownContainers' | 'volumes' | 'sysctls' | (string & {});
  /** A list inside each item, whose items are checked instead, e.g. `env` of containers. @default - the items themselves */
  readonly inner?: string;
}

/** All containers, debug containers too. */
export const CONTAINERS: ItemList = { cel: 'variables.containers', items: 'containers' };
/** Containers that can hold resources: all but debug containers. */
export const OWN_CONTAINERS: ItemList = { cel: 'variables.ownContainers', items: 'ownContainers' };
/** The volumes of a pod. */
export const VOLUMES: ItemList = { cel: 'variables.podSpec.?volumes.orValue([])', items: 'volumes' };

/** Kernel settings of the pod. */
export const SYSCTLS: ItemList = {
  cel: 'variables.podSpec.?securityContext.?sysctls.orValue([])',
  items: 'sysctls',
};

/** The list at a path of the object, e.g. `spec.ports`; no items where it is missing. */
export function listAt(path: string): ItemList {
  return { cel: `dyn(object).?${path.replaceAll('.', '.?')}.orValue([])`, items: path };
}

/** The items of a list inside each item of another: `inside(CONTAINERS, 'env')` is every environment variable. */
export function inside(list: ItemList, inner: string): ItemList {
  return { ...list, inner };
}

/** What a rule is written as; {@link defineRule} adds the one CEL text that engines compile. */
export interface RuleSpec {
  /** Lower-case words with dashes; part of every finding and of the names of compiled policies. */
  readonly id: string;
  /** A few words, no full stop. */
  readonly title: string;
  /** One sentence in a maker's words: what to change, and whom to ask (`{contact}`). The same in every engine. */
  readonly message: string;
  /** Where the rule comes from: the control of a standard, or the advisory. */
  readonly source: string;
  /** Why it exists, for `greenroom explain`. */
  readonly why: string;
  /** @default deny */
  readonly severity?: Severity;
  /**
   * `everyone`: holds for every request. `makers`: holds before commit and for requests that do not come from
   * Kubernetes' own controllers or the platform's trusted accounts, which write such objects on a maker's behalf.
   * So what a controller adds by itself (a proxy beside each container, say) is not a maker's fault; the object that
   * the controller works from has been checked.
   * @default everyone
   */
  readonly scope?: 'everyone' | 'makers';
  /**
   * Where admission applies it: in the namespaces of previews, or where the reconciler's own objects live.
   * @default preview
   */
  readonly place?: 'preview' | 'reconciler';
  /**
   * Reads from the preview's namespace which repository it is of. Where the namespace is not at hand (single files,
   * without their fence) the in-process check leaves the rule to admission.
   * @default false
   */
  readonly needsRepository?: true;
  /** Kinds that it checks; `any` is every namespaced kind. */
  readonly match: readonly ResourceKind[] | 'any';
  /** All must hold. */
  readonly conditions: readonly [Condition, ...Condition[]];
  /** Whether the platform's parameters ask for it at all. @default - always */
  readonly active?: (params: RuleParams) => boolean;
  /** YAML of one object each. */
  readonly examples: { readonly good: string; readonly bad: string };
}

/** A rule with its defaults filled in; see {@link RuleSpec}. */
export interface Rule extends RuleSpec {
  readonly severity: Severity;
  readonly scope: 'everyone' | 'makers';
  readonly place: 'preview' | 'reconciler';
  /** The conditions as one CEL text: true lets an object pass; false and any error refuse it. */
  readonly cel: string;
}

/** A rule from its parts, its defaults filled in. */
export function defineRule(spec: RuleSpec): Rule {
  return {
    severity: 'deny',
    scope: 'everyone',
    place: 'preview',
    ...spec,
    cel: spec.conditions.map((c) => `(${conditionCel(c)})`).join(' && '),
  };
}

/** The CEL text of one condition, its list included. */
export function conditionCel({ cel, over }: Condition): string {
  if (!over) return cel;
  if (!over.inner) return `${over.cel}.all(it, ${cel})`;
  return `${over.cel}.all(outer, outer.?${over.inner.replaceAll('.', '.?')}.orValue([]).all(it, ${cel}))`;
}

/** The sentence of a rule as every engine prints it. */
export function ruleMessage(rule: Pick<RuleSpec, 'message'>, contact: string): string {
  return rule.message.replaceAll('{contact}', contact);
}
