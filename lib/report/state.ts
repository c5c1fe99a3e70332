import type { ErrorCode, Problem } from '../core/errors.ts';
import type { Finding } from '../core/finding.ts';
import type { Capabilities } from '../forge/capabilities.ts';
import type { Late } from '../forge/limits.ts';
import type { Pages } from '../forge/pages.ts';
import type { BuildStatus } from '../status/build.ts';
import type { Reply } from './answered.ts';

/** A preview as the apps repo holds it. */
export interface LivePreview {
  readonly name: string;
  /** Null where no app of it has a route. */
  readonly url: string | null;
  readonly headSha: string;
  /** Images whose names do not say which commit they hold. @default - none: they are those of the head commit */
  readonly unversioned?: readonly string[];
  /** Images of own manifests that a new commit alone does not restart. @default - none */
  readonly independent?: readonly string[];
  /** Where it runs. @default - not known */
  readonly cluster?: string;
  /** Unix seconds: when the pull request was opened. */
  readonly created: number;
  /** Unix seconds. */
  readonly expires: number;
  /** What its images no longer show. @default - they show what is required */
  readonly lost?: {
    /** A sentence each. */
    readonly sentences: readonly string[];
    /** Whether `expires` is earlier for that. */
    readonly endsEarly: boolean;
  };
  readonly cost: { readonly currency: string; readonly perDay: number; readonly ratesAsOf: string };
}

/** One object of a preview as it was committed before and as it is now. */
export interface ObjectChange {
  /** Below the preview's folder, e.g. `app/deployment.pr-shop-7.yaml`. */
  readonly path: string;
  /** Null for a new object. */
  readonly before: string | null;
  /** Null for one that is gone. */
  readonly after: string | null;
}

/** A place in the queue, counted from 1. */
export interface Place {
  readonly number: number;
  readonly of: number;
}

/**
 * What failed on our side: the commit, the platform's own settings or extensions, reading the apps repo, or the registry of
 * the image.
 */
export type ProblemPlace = 'commit' | 'settings' | 'apps-repo' | 'registry';

/** What there is to say of one pull request. The same data makes comment, check, table and JSON. */
export type PreviewState =
  /** The apps repo holds it as the pull request wants it; whether it answers is a `Status`. */
  | {
      readonly state: 'committed';
      readonly preview: LivePreview;
      readonly findings: readonly Finding[];
      /** What is shown of its images, a line each. @default - nothing was asked */
      readonly evidence?: readonly string[];
      /** What its maker has to know of it, a sentence each. @default - nothing */
      readonly notes?: readonly string[];
      /** Objects that this sync changes. @default - none */
      readonly objects?: readonly ObjectChange[];
      /** Whether there was no preview before. @default false */
      readonly isNew?: boolean;
    }
  | { readonly state: 'denied'; readonly findings: readonly Finding[]; readonly live: LivePreview | null }
  | { readonly state: 'invalid'; readonly problems: readonly Problem[]; readonly live: LivePreview | null }
  | {
      readonly state: 'queued';
      /** What it waits for. */
      readonly reason: 'places' | 'budget' | 'name';
      readonly sentence: string;
      /** Only known where all that wait were looked at. @default - not known */
      readonly place?: Place;
      readonly live: LivePreview | null;
    }
  /** The image of the head commit is not in its registry yet. */
  | {
      readonly state: 'waiting';
      readonly image: string;
      /** One sentence without a full stop about what is odd. @default - nothing is */
      readonly note?: string;
      /** How its build goes. @default - nobody has looked */
      readonly build?: BuildStatus;
      readonly live: LivePreview | null;
    }
  /** No preview.yaml at the head; `removed` says whether a preview ran until now. */
  | {
      readonly state: 'no-file';
      readonly removed: LivePreview | null;
      /** A maker's file that lies where nobody reads it. @default - none was seen */
      readonly misnamed?: string;
    }
  /** The platform's rules give it none, it was stopped, or its time is up; `removed` says whether one ran until now. */
  | { readonly state: 'none'; readonly reason: string; readonly sentence: string; readonly removed: LivePreview | null }
  /** A pull request in the apps repo stands between this and what runs; `live` is what runs until then. */
  | {
      readonly state: 'review';
      readonly decision: 'open' | 'declined' | 'withdrawn';
      readonly sentence: string;
      /** Of that pull request. */
      readonly url: string;
      readonly live: LivePreview | null;
    }
  /** The maker has nothing to change and ours failed; `live` is what runs meanwhile. */
  | {
      readonly state: 'problem';
      readonly where: ProblemPlace;
      /** For who runs it, never for the maker. @default - it is thrown */
      readonly cause?: { readonly code: ErrorCode; readonly message: string };
      readonly live: LivePreview | null;
    }
  /** The forge gave no positive answer: everything stays as it is. */
  | {
      readonly state: 'unknown';
      readonly reason: string;
      /** Whether it is likely to be known in a while. @default false */
      readonly isPassing?: boolean;
      /** Where the maker's side was read and ours gave no answer: that is said. @default - the comment stays as it is */
      readonly told?: { readonly where: 'registry'; readonly live: LivePreview | null };
    };

/** The pull request that a state is about, as far as texts need it. */
export interface Subject {
  /** `owner/name` */
  readonly repository: string;
  readonly number: number;
  readonly title: string;
  readonly headSha: string;
  /** Branch of the repository itself that can be edited; null for a fork's, and for none. */
  readonly branch: string | null;
}

/** What texts need beside state and subject. */
export interface ReportOptions {
  /** Whom a maker asks. */
  readonly contact: string;
  /** Unix seconds. */
  readonly now: number;
  /** How long before its end a preview is said to end, in seconds. */
  readonly warn: number;
  /** Longest life that can be asked for, in seconds. */
  readonly max: number;
  /** What held back what is told. @default - nothing */
  readonly late?: Late;
  /** What is said to those who gave commands just now. @default - nobody did; what was said last stays */
  readonly replies?: readonly Reply[];
  /** Line of a setting below `spec` in preview.yaml: `env`, `apps.api.port`; null for none. @default - nobody knows */
  readonly lineOf?: (field: string) => number | null;
  /** The forge's pages; null for a forge without any. */
  readonly pages: Pages | null;
  /** What the forge's comments can do. */
  readonly can: Capabilities;
}
