import type { ErrorCode, Problem } from '../core/errors.ts';
import type { Finding } from '../core/finding.ts';
import type { Capabilities } from '../forge/capabilities.ts';
import type { Late } from '../forge/limits.ts';
import type { Pages } from '../forge/pages.ts';
import type { BuildStatus } from '../status/build.ts';
import type { Reply } from './answered.ts';

/** A preview in the apps repo. */
export interface LivePreview {
  readonly name: string;
  /** Null if no app of it has a route. */
  readonly url: string | null;
  readonly headSha: string;
  /** Images whose names do not tell their commit. @default - none: all are of the head commit */
  readonly unversioned?: readonly string[];
  /** Images of the maker's own manifests that a new commit alone does not restart. @default - none */
  readonly independent?: readonly string[];
  /** Where it runs. @default - unknown */
  readonly cluster?: string;
  /** Unix seconds: when the pull request was opened. */
  readonly created: number;
  /** Unix seconds. */
  readonly expires: number;
  /** Evidence that its images have lost. @default - none */
  readonly lost?: {
    /** One sentence each. */
    readonly sentences: readonly string[];
    /** Whether `expires` is earlier for that reason. */
    readonly endsEarly: boolean;
    /** Whether the platform team decides about an earlier end. @default false */
    readonly isInReview?: boolean;
  };
  readonly cost: { readonly currency: string; readonly perDay: number; readonly ratesAsOf: string };
}

/** One object of a preview before and after the commit. */
export interface ObjectChange {
  /** Below the preview's folder, e.g. `app/deployment.pr-shop-7.yaml`. */
  readonly path: string;
  /** Null for a new object. */
  readonly before: string | null;
  /** Null for a removed object. */
  readonly after: string | null;
}

/** A position in the queue, counted from 1. */
export interface QueuePosition {
  readonly number: number;
  readonly of: number;
}

/**
 * What failed on our side: the commit, the platform's own settings or extensions, reading the apps repo, or the registry of
 * the image.
 */
export type ProblemPlace = 'commit' | 'settings' | 'apps-repo' | 'registry';

/** The state of one pull request. Comment, check, table and JSON use the same data. */
export type PreviewState =
  /** It is in the apps repo as the pull request wants it. Whether it answers is in `Status`. */
  | {
      readonly state: 'committed';
      readonly preview: LivePreview;
      readonly findings: readonly Finding[];
      /** Evidence of its images, one line each. @default - none is required */
      readonly evidence?: readonly string[];
      /** Notes for the maker, one sentence each. @default - none */
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
      /** Known only to a sweep. @default - unknown */
      readonly place?: QueuePosition;
      readonly live: LivePreview | null;
    }
  /** The image of the head commit does not exist yet. */
  | {
      readonly state: 'waiting';
      readonly image: string;
      /** One sentence without a full stop about an unusual situation. @default - none */
      readonly note?: string;
      /** How its build goes. @default - nobody has looked */
      readonly build?: BuildStatus;
      readonly live: LivePreview | null;
    }
  /** No preview.yaml at the head; `removed` is the preview that ran until now, if any. */
  | {
      readonly state: 'no-file';
      readonly removed: LivePreview | null;
      /** A preview file with the wrong name or folder. @default - none was found */
      readonly misnamed?: string;
    }
  /** The platform allows none, it was stopped, or it expired; `removed` is the preview that ran until now, if any. */
  | { readonly state: 'none'; readonly reason: string; readonly sentence: string; readonly removed: LivePreview | null }
  /** A pull request in the apps repo waits for review; `live` is what runs until then. */
  | {
      readonly state: 'review';
      readonly decision: 'open' | 'declined' | 'withdrawn';
      readonly sentence: string;
      /** Page of that pull request. */
      readonly url: string;
      readonly live: LivePreview | null;
    }
  /** Something failed that the maker cannot fix; `live` is what runs meanwhile. */
  | {
      readonly state: 'problem';
      readonly where: ProblemPlace;
      /** For the operator, never for the maker. @default - it is thrown */
      readonly cause?: { readonly code: ErrorCode; readonly message: string };
      readonly live: LivePreview | null;
    }
  /** The forge gave no positive answer, so nothing is changed. */
  | {
      readonly state: 'unknown';
      readonly reason: string;
      /** Whether a retry after a while is likely to succeed. @default false */
      readonly isPassing?: boolean;
      /** Set if the registry did not answer: the comment says so. @default - the comment is not changed */
      readonly told?: { readonly where: 'registry'; readonly live: LivePreview | null };
    };

/** The pull request that a state is about, with the data that texts need. */
export interface Subject {
  /** `owner/name` */
  readonly repository: string;
  readonly number: number;
  readonly title: string;
  readonly headSha: string;
  /** Head branch, if it can be edited; null for a fork. */
  readonly branch: string | null;
}

/** Further data that texts need. */
export interface ReportOptions {
  /** Whom a maker asks. */
  readonly contact: string;
  /** Unix seconds. */
  readonly now: number;
  /** How many seconds before the end of a preview the warning begins. */
  readonly warn: number;
  /** Longest lifetime that can be requested, in seconds. */
  readonly max: number;
  /** The rate limit that delayed the report. @default - none */
  readonly late?: Late;
  /** See {@link Before}. @default false */
  readonly hasOlderCheck?: boolean;
  /** What is said to those who gave commands just now. @default - nobody did; what was said last stays */
  readonly replies?: readonly Reply[];
  /** Line of a setting below `spec` in preview.yaml: `env`, `apps.api.port`; null for none. @default - unknown */
  readonly lineOf?: (field: string) => number | null;
  /** The forge's web pages; null if it has none. */
  readonly pages: Pages | null;
  /** What the forge's comments support. */
  readonly can: Capabilities;
}
