import type { TestFiles } from '../../support/git.ts';
import { previewText } from '../../support/inputs.ts';
import fc from '../../support/property.ts';

/** What stands in preview.yaml at a head; what it means is the rule's business (rule.ts). */
export const VARIANTS = {
  service: { 'preview.yaml': previewText() },
  site: { 'preview.yaml': previewText('ttl: 6h').replace('web-service', 'static-site') },
  none: { 'preview.yaml': null },
  typo: { 'preview.yaml': previewText('prot: 80') },
  prototype: { 'preview.yaml': previewText('__proto__: { size: large }') },
  alias: { 'preview.yaml': previewText('env: { A: &a b, C: *a }') },
  foreign: { 'preview.yaml': previewText('', 'ghcr.io.evil.example/acme/shop') },
  link: { 'preview.yaml': { mode: '120000', content: '/etc/passwd' } },
  /** A head that nobody can read. */
  lost: {},
} as const satisfies Record<string, TestFiles>;
export type Variant = keyof typeof VARIANTS;

/** Full names that repositories take, leave and take over. */
const NAMES = ['acme/shop', 'acme/store', 'partner/shop', 'outside/shop'] as const;

/** What is written in a comment; what it means is the rule's business (rule.ts). */
export const SAYINGS = {
  stop: '/preview stop',
  retry: 'Once more, please.\r\n/preview retry\r\n',
  extend: '/preview extend 3h',
  longer: '/preview extend 100d',
  both: '/preview retry\n/preview stop\n',
  keep: '/Preview KEEP please',
  status: '/preview status?',
  dance: '/preview dance',
  talk: 'It goes away with `/preview stop`:\n\n> /preview stop\n\n    /preview stop\n',
} as const;
export type Saying = keyof typeof SAYINGS;

/** Who comments and ticks boxes, by login. */
export const PEOPLE = ['mia', 'ada', 'eve', 'helper[bot]'] as const;
export type Person = (typeof PEOPLE)[number];

/** What people do on the forge. Indexes are taken modulo what there is, so that every sequence can be lived through. */
export type ForgeEvent =
  | {
      readonly do: 'open';
      readonly repo: number;
      readonly number: number;
      readonly variant: Variant;
      readonly fork: boolean;
    }
  | { readonly do: 'push'; readonly pull: number; readonly variant: Variant }
  | { readonly do: 'label' | 'unlabel' | 'draft' | 'ready' | 'close' | 'merge' | 'reopen'; readonly pull: number }
  /** @property told whether GitHub tells of it */
  | { readonly do: 'say'; readonly pull: number; readonly who: Person; readonly what: Saying; readonly told: boolean }
  /** Ticks every box of our comment, if it has any. */
  | { readonly do: 'tick'; readonly pull: number; readonly who: Person; readonly told: boolean }
  | { readonly do: 'move'; readonly repo: number; readonly to: string }
  | { readonly do: 'found'; readonly name: string }
  | { readonly do: 'vanish'; readonly repo: number }
  /** Somebody looks at a proposal in the apps repo; nothing where changes are not reviewed. */
  | { readonly do: 'merge proposal' | 'decline proposal'; readonly index: number };

/** What goes wrong at one call, or happens right before it. */
export type Disturbance =
  /** Status 5xx, nothing done. */
  | 'fail'
  /** Status 5xx after it was done. */
  | 'lost'
  /** HTML with status 200. */
  | 'html'
  /** No positive answer; a list that says that it is not complete. */
  | 'unknown'
  /** A list that ends early and does not say so. */
  | 'empty'
  /** The state before the last change. */
  | 'stale'
  /** A conflict that is none. */
  | 'conflict'
  /** GitHub refuses the next request for a minute: the client waits, and nobody above it notices. */
  | 'secondary'
  /** Replicas show the state before the last change, for some readings. */
  | 'lag'
  /** A limit is used up for an hour: this call, and all that the worker asks after it, is refused at once. */
  | 'limited'
  /** The worker is gone, and nobody tidies up. */
  | 'crash'
  /** The branch of the apps repo is put back by a commit. */
  | 'rollback'
  /** The branch of the apps repo is replaced by a commit of the same content. */
  | 'rewrite'
  | ForgeEvent;

export type Task =
  /** A delivery that nobody has had yet. */
  | { readonly run: 'deliver'; readonly index: number }
  /** Any delivery that ever was. */
  | { readonly run: 'again'; readonly index: number }
  /** The latest delivery, again if somebody had it. */
  | { readonly run: 'latest' }
  | { readonly run: 'sweep'; readonly allowRemovals: boolean };

export type Step =
  | { readonly step: 'event'; readonly event: ForgeEvent }
  | { readonly step: 'time'; readonly seconds: number }
  | {
      readonly step: 'work';
      /** Two run side by side, a call of one between two calls of the other. */
      readonly tasks: readonly Task[];
      /** Whose turn it is, call by call: the second's where true, and when they run out the first's until its end. */
      readonly turns: readonly boolean[];
      /** Each comes so many calls after the one before it. */
      readonly disturbances: readonly { readonly after: number; readonly what: Disturbance }[];
    };

export interface Sequence {
  /** Whether the platform has few places. */
  readonly limited: boolean;
  /** Whether changes are proposed for review. */
  readonly review: boolean;
  /** Pull requests that are open, swept and quiet before it begins. */
  readonly opened: number;
  readonly steps: readonly Step[];
}

const variant = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom<Variant>('service', 'site') },
  { weight: 5, arbitrary: fc.constantFrom<Variant>('none', 'typo', 'prototype', 'alias', 'foreign', 'link', 'lost') },
);
const repo = fc.nat(2);
const pull = fc.nat(7);

const who = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom<Person>('mia', 'ada') },
  { weight: 1, arbitrary: fc.constantFrom<Person>('eve', 'helper[bot]') },
);
const told = fc.nat(3).map((n) => n > 0);
const what = fc.constantFrom<Saying>(
  'stop',
  'stop',
  'retry',
  'retry',
  'extend',
  'extend',
  'longer',
  'keep',
  'status',
  'both',
  'dance',
  'talk',
);

const event: fc.Arbitrary<ForgeEvent> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('open' as const),
      repo,
      number: fc.integer({ min: 1, max: 4 }),
      variant,
      fork: fc.nat(9).map((n) => n === 9),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('push' as const), pull, variant }) },
  {
    weight: 7,
    arbitrary: fc.record({
      do: fc.constantFrom('label', 'unlabel', 'draft', 'ready', 'close', 'close', 'merge', 'reopen'),
      pull,
    }),
  },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('say' as const), pull, who, what, told }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('tick' as const), pull, who, told }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('move' as const), repo, to: fc.constantFrom(...NAMES) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('found' as const), name: fc.constantFrom(...NAMES) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('vanish' as const), repo }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom(
        'merge proposal' as const,
        'merge proposal' as const,
        'merge proposal' as const,
        'decline proposal' as const,
      ),
      index: fc.nat(7),
    }),
  },
);

const disturbance: fc.Arbitrary<Disturbance> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.constantFrom<Disturbance>(
      'fail',
      'lost',
      'html',
      'unknown',
      'empty',
      'stale',
      'stale',
      'conflict',
      'limited',
      'secondary',
      'lag',
      'lag',
      'crash',
      'rollback',
      'rewrite',
    ),
  },
  { weight: 2, arbitrary: event },
);

const task: fc.Arbitrary<Task> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ run: fc.constant('deliver' as const), index: fc.nat(5) }) },
  { weight: 2, arbitrary: fc.record({ run: fc.constant('again' as const), index: fc.nat(9) }) },
  { weight: 2, arbitrary: fc.record({ run: fc.constant('sweep' as const), allowRemovals: fc.boolean() }) },
);

/** A command is dealt with after a sync, some twenty calls later. */
const after = fc.oneof({ weight: 3, arbitrary: fc.nat(7) }, { weight: 1, arbitrary: fc.nat(30) });

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ step: fc.constant('event' as const), event }) },
  {
    weight: 5,
    arbitrary: fc.record({
      step: fc.constant('work' as const),
      tasks: fc.array(task, { minLength: 1, maxLength: 2 }),
      turns: fc.array(fc.boolean(), { maxLength: 12 }),
      disturbances: fc.array(fc.record({ after, what: disturbance }), { maxLength: 3 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ step: fc.constant('time' as const), seconds: fc.constantFrom(600, 6 * 3600, 12 * 3600) }),
  },
);

/** People who ask for something right after one another, perhaps when it has ended, and a worker that may not come to its end. */
const conversation: fc.Arbitrary<Step[]> = fc
  .record({
    wait: fc.constantFrom(0, 0, 6 * 3600, 12 * 3600),
    pull,
    asked: fc.array(
      fc.oneof({ weight: 3, arbitrary: fc.record({ who, what }) }, { weight: 1, arbitrary: fc.record({ who }) }),
      {
        minLength: 1,
        maxLength: 3,
      },
    ),
    // A push in between starts anew, whatever was asked for.
    trouble: fc.option(
      fc.record({
        after: fc.nat(60),
        what: fc.constantFrom<Disturbance | 'push'>('crash', 'fail', 'lost', 'push', 'push'),
      }),
    ),
  })
  .map(({ wait, pull, asked, trouble }): Step[] => [
    ...(wait === 0 ? [] : [{ step: 'time', seconds: wait } as const, work([{ run: 'sweep', allowRemovals: true }])]),
    ...asked.map((one): Step => {
      const event = 'what' in one ? ({ do: 'say', ...one } as const) : ({ do: 'tick', ...one } as const);
      return { step: 'event', event: { ...event, pull, told: true } };
    }),
    work([{ run: 'latest' }], trouble === null ? [] : [{ ...trouble, what: meant(trouble.what, pull) }]),
  ]);

function meant(what: Disturbance | 'push', pull: number): Disturbance {
  return what === 'push' ? { do: 'push', pull, variant: 'typo' } : what;
}

function work(tasks: Task[], disturbances: Extract<Step, { step: 'work' }>['disturbances'] = []): Step {
  return { step: 'work', tasks, turns: [], disturbances };
}

export const sequence: fc.Arbitrary<Sequence> = fc.record({
  limited: fc.boolean(),
  review: fc.nat(7).map((n) => n === 0),
  opened: fc.oneof(fc.constant(0), fc.nat(8)),
  steps: fc
    .array(fc.oneof({ weight: 15, arbitrary: step.map((one) => [one]) }, { weight: 1, arbitrary: conversation }), {
      minLength: 2,
      maxLength: 12,
      size: 'max',
    })
    .map((parts) => parts.flat()),
});
