import type { Severity } from '../core/finding.ts';
import { valueAt } from '../core/json.ts';
import type { RuleParams } from './params.ts';
import type { ResourceKind } from './resources.ts';

/**
 * One condition of a rule: an object passes if `cel` is true; with `over`, if it is true for each item of that list.
 * Every condition has a field in the object, so that a finding can point to it.
 */
export interface Condition {
  /**
   * CEL with `object`, `oldObject` (null except for updates at admission), `params`, `namespaceObject` and `variables`;
   * with `over`, also the item `it`.
   */
  readonly cel: string;
  /** The list whose items are checked one by one. @default - the whole object */
  readonly over?: ItemList;
  /** Path of the checked field, relative to its item (or pod, or object). */
  readonly field: string;
  /** What {@link field} is relative to without `over`. @default object */
  readonly in?: 'object' | 'pod' | 'podSpec';
  /**
   * How to make the field pass, if there is only one way: remove it, or set it to the result of a CEL text (with the
   * same variables as {@link cel}).
   * @default - no automatic fix
   */
  readonly fix?: 'remove' | { readonly set: string };
  /**
   * CEL that returns what was found, as text (with the same variables as {@link cel}). Reported before commit; it must
   * never return a value that could be secret.
   * @default - only the field is reported
   */
  readonly found?: string;
  /**
   * Fields to report if the condition fails, for a condition about a whole object. Evaluated only before commit, so it
   * may cost more. If none of them finds anything, the condition's own field is reported.
   * @default - the condition's own field
   */
  readonly places?: readonly Condition[];
}

/** A list whose items a {@link Condition} checks one by one. */
export interface ItemList {
  /** CEL that returns the list. */
  readonly cel: string;
  /** What the items are, for the path in a finding. A path means that list inside the object. */
  readonly items: 'containers' | 'ownContainers' | 'volumes' | 'sysctls' | 'metadata' | (string & {});
  /**
   * A list inside each item, whose items are checked instead, e.g. `env` of containers. @default - the items themselves
   */
  readonly inner?: string;
}

/** All containers, including debug containers. */
export const CONTAINERS: ItemList = { cel: 'variables.containers', items: 'containers' };
/** Containers that can have resources: all except debug containers. */
export const OWN_CONTAINERS: ItemList = { cel: 'variables.ownContainers', items: 'ownContainers' };
/** The volumes of a pod. */
export const VOLUMES: ItemList = { cel: 'variables.podSpec.?volumes.orValue([])', items: 'volumes' };

/** The object's own metadata, and that of everything created from it: pods, jobs, claims, secrets. */
export const METADATA: ItemList = { cel: 'variables.metadata', items: 'metadata' };

/** Kernel settings of the pod. */
export const SYSCTLS: ItemList = {
  cel: 'variables.podSpec.?securityContext.?sysctls.orValue([])',
  items: 'sysctls',
};

/** The list at a path of the object, e.g. `spec.ports`; empty if it is missing. */
export function listAt(path: string): ItemList {
  return { cel: `dyn(object).?${path.replaceAll('.', '.?')}.orValue([])`, items: path };
}

/** The items of a list inside each item of another: `inside(CONTAINERS, 'env')` is every environment variable. */
export function inside(list: ItemList, inner: string): ItemList {
  return { ...list, inner };
}

/** Where a rule applies. */
export type RulePlace = 'preview' | 'reconciler' | 'commit';

/** A rule as its author writes it; {@link defineRule} adds the CEL text that engines compile. */
export interface RuleSpec {
  /** Lower-case words with dashes. It appears in every finding and in the names of compiled policies. */
  readonly id: string;
  /** A few words, no full stop. */
  readonly title: string;
  /**
   * One sentence that makers understand: what to change, what is allowed, and whom to ask (`{contact}`). A parameter
   * name in braces is replaced by its value: `{registries}`, `{maxSize.cpu}`. The same in every engine.
   */
  readonly message: string;
  /** Source of the rule: the control of a standard, or the advisory. */
  readonly source: string;
  /** Why it exists, for `greenroom explain`. */
  readonly why: string;
  /** @default deny */
  readonly severity?: Severity;
  /**
   * `everyone`: applies to every request. `makers`: applies before commit, and to requests that do not come from
   * Kubernetes' own controllers or the platform's trusted accounts, which write such objects on a maker's behalf. So a
   * maker is not blamed for what a controller adds (such as a proxy in each pod); the object that the controller works
   * from has been checked.
   * @default everyone
   */
  readonly scope?: 'everyone' | 'makers';
  /**
   * Where admission applies it: in preview namespaces, or where the reconciler's own objects are. `commit`: nowhere,
   * since the rule needs several objects at once, or files before decryption; greenroom evaluates those before commit.
   * @default preview
   */
  readonly place?: RulePlace;
  /**
   * The rule reads the repository from the preview's namespace. If the namespace is unknown (single files, without
   * their fence), the in-process check leaves the rule to admission.
   * @default false
   */
  readonly needsRepository?: true;
  /** Kinds that it checks; `any` is every namespaced kind. Empty for a rule that the compiler evaluates itself. */
  readonly match: readonly ResourceKind[] | 'any';
  /** All must be true. */
  readonly conditions: readonly Condition[];
  /**
   * Other controls depend on it: its severity cannot be changed, and exceptions do not apply.
   * @default false
   */
  readonly always?: true;
  /**
   * A rule whose finding says the same: if both refuse the same field of an object, or that rule a field around it, only
   * that one is reported; with `anywhere`, wherever in the object they are.
   * @default - none
   */
  readonly impliedBy?: { readonly rule: string; readonly anywhere?: true };
  /** Whether the platform's parameters require it at all. @default - always */
  readonly active?: (params: RuleParams) => boolean;
  /** YAML of one object each. */
  readonly examples: { readonly good: string; readonly bad: string };
}

/** A rule with defaults filled in; see {@link RuleSpec}. */
export interface Rule extends RuleSpec {
  readonly severity: Severity;
  readonly scope: 'everyone' | 'makers';
  readonly place: RulePlace;
  /** The conditions as one CEL text: true allows an object; false and any error refuse it. */
  readonly cel: string;
}

/** Creates a rule from its parts and fills in defaults. */
export function defineRule(spec: RuleSpec): Rule {
  return {
    severity: 'deny',
    scope: 'everyone',
    place: 'preview',
    ...spec,
    cel: spec.conditions.map((c) => `(${conditionCel(c)})`).join(' && '),
  };
}

/** The CEL text of one condition, including its list. */
export function conditionCel({ cel, over }: Condition): string {
  if (!over) return cel;
  if (!over.inner) return `${over.cel}.all(it, ${cel})`;
  return `${over.cel}.all(outer, outer.?${over.inner.replaceAll('.', '.?')}.orValue([]).all(it, ${cel}))`;
}

/** Text for each parameter if there is no platform. */
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
 * The message of a rule as every engine prints it.
 *
 * @param params null for a text without a platform's values
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
