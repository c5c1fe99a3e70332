import type { Severity } from '../core/finding.ts';
import type { RuleParams } from './params.ts';
import { valueAt } from './paths.ts';
import type { ResourceKind } from './resources.ts';

/**
 * One condition of a rule: an object passes when `cel` is true, for each item of `over` where it names a list.
 * Every condition stands for a place in the object, so that a finding can point there.
 */
export interface Condition {
  /**
   * CEL over `object`, `oldObject` (null but for updates at admission), `params`, `namespaceObject` and `variables`;
   * with `over`, also over the item `it`.
   */
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
  /**
   * CEL that gives, as a text, what was found (over the same as {@link cel}); told before commit, never a value that
   * could be secret.
   * @default - only the place is told
   */
  readonly found?: string;
  /**
   * Where to point when the condition does not hold, for one that looks at an object as a whole; evaluated before commit
   * only, so that it may cost more. The condition's own field is pointed at where none of them finds anything.
   * @default - the condition's own field
   */
  readonly places?: readonly Condition[];
}

/** A list whose items a {@link Condition} checks one by one. */
export interface ItemList {
  /** CEL that gives the list. */
  readonly cel: string;
  /** What the items are, for the path in a finding. A path stands for that list inside the object. */
  readonly items: 'containers' | 'ownContainers' | 'volumes' | 'sysctls' | 'metadata' | (string & {});
  /** A list inside each item, whose items are checked instead, e.g. `env` of containers. @default - the items themselves */
  readonly inner?: string;
}

/** All containers, debug containers too. */
export const CONTAINERS: ItemList = { cel: 'variables.containers', items: 'containers' };
/** Containers that can hold resources: all but debug containers. */
export const OWN_CONTAINERS: ItemList = { cel: 'variables.ownContainers', items: 'ownContainers' };
/** The volumes of a pod. */
export const VOLUMES: ItemList = { cel: 'variables.podSpec.?volumes.orValue([])', items: 'volumes' };

/** The object's own metadata, and that of everything that is made from it: pods, jobs, claims, secrets. */
export const METADATA: ItemList = { cel: 'variables.metadata', items: 'metadata' };

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

/** Where a rule holds. */
export type RulePlace = 'preview' | 'reconciler' | 'commit';

/** What a rule is written as; {@link defineRule} adds the one CEL text that engines compile. */
export interface RuleSpec {
  /** Lower-case words with dashes; part of every finding and of the names of compiled policies. */
  readonly id: string;
  /** A few words, no full stop. */
  readonly title: string;
  /**
   * One sentence in a maker's words: what to change, what is allowed, and whom to ask (`{contact}`). A name of a
   * parameter in braces stands for its value: `{registries}`, `{maxSize.cpu}`. The same in every engine.
   */
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
   * Where admission applies it: in the namespaces of previews, or where the reconciler's own objects live; `commit`: nowhere,
   * since it is about several objects at once. The compiler judges those.
   * @default preview
   */
  readonly place?: RulePlace;
  /**
   * Reads from the preview's namespace which repository it is of. Where the namespace is not at hand (single files,
   * without their fence) the in-process check leaves the rule to admission.
   * @default false
   */
  readonly needsRepository?: true;
  /** Kinds that it checks; `any` is every namespaced kind. None for a rule that is held at commit. */
  readonly match: readonly ResourceKind[] | 'any';
  /** All must hold. */
  readonly conditions: readonly Condition[];
  /**
   * Other controls stand on it: no severity and no exception touches it.
   * @default false
   */
  readonly always?: true;
  /**
   * A rule whose finding says the same: where both refuse an object, only that one is told.
   * @default - none
   */
  readonly impliedBy?: string;
  /** Whether the platform's parameters ask for it at all. @default - always */
  readonly active?: (params: RuleParams) => boolean;
  /** YAML of one object each. */
  readonly examples: { readonly good: string; readonly bad: string };
}

/** A rule with its defaults filled in; see {@link RuleSpec}. */
export interface Rule extends RuleSpec {
  readonly severity: Severity;
  readonly scope: 'everyone' | 'makers';
  readonly place: RulePlace;
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

/** Where no platform is at hand: what each parameter is. */
const ANY_PLATFORM = {
  registries: "one of the platform's registries",
  allowedKinds: "the platform's list of kinds",
  keys: "the platform's list",
  maxSize: { cpu: 'the allowed', memory: 'the allowed' },
  maxStorage: 'the allowed',
  limitRequestRatio: { cpu: 'a set number of', memory: 'a set number of' },
  gracePeriodSeconds: 'a set number of',
  ingress: {
    class: 'of the platform',
    gateway: { namespace: 'of the platform', name: 'previews', listener: 'for HTTPS' },
  },
  secrets: { store: 'of secrets', prefix: "the repository's prefix", recipients: 'of the platform' },
};

/**
 * The sentence of a rule as every engine prints it.
 *
 * @param params null speaks of any platform
 */
export function ruleMessage(
  { message }: Pick<RuleSpec, 'message'>,
  contact: string,
  params: RuleParams | null = null,
): string {
  return message.replaceAll(/\{([A-Za-z.]+)\}/g, (placeholder, name: string) => {
    if (name === 'contact') return contact;
    const value = valueAt(params ?? ANY_PLATFORM, name.split('.'));
    return value === undefined ? placeholder : Array.isArray(value) ? value.join(', ') : String(value);
  });
}
