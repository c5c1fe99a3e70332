import type { PreviewExtension } from '../constructs/extension.ts';
import type { FileSet } from '../core/fileset.ts';
import type { Finding } from '../core/finding.ts';
import type { Identity } from '../model/identity.ts';
import type { Loaded, Positions } from '../model/load.ts';
import type { MicroApp } from '../model/micro-app.ts';
import type { PlatformSpec } from '../model/platform.ts';
import type { Preview } from '../model/preview.ts';
import type { PreviewRecord } from '../model/record.ts';
import type { CelCompiler } from '../policies/cel.ts';
import type { Rule } from '../policies/rule.ts';
import type { Cost } from './cost.ts';
import type { EvidenceByDigest } from './evidence.ts';
import type { Times } from './lifetime.ts';

// What a compiler takes and what it gives.

/** Options for all previews of a platform. */
export interface CompilerOptions {
  readonly platform: PlatformSpec;
  /** Positions of its settings, for error messages. @default - only their names are reported */
  readonly positions?: Positions | undefined;
  /** Text of `exceptions/*.yaml` by path. @default - none */
  readonly exceptions?: FileSet;
  /** Current time in unix seconds, to tell which exceptions have expired. It does not affect the files. */
  readonly now: number;
  /** @default - none */
  readonly extensions?: readonly PreviewExtension[];
  /** The platform's own rules, in addition to greenroom's. @default - none */
  readonly extraRules?: readonly Rule[];
  /** A shared CEL compiler, for callers that create many compilers. @default - a new one */
  readonly cel?: CelCompiler;
}

/** Input for one preview. */
export interface CompileInput {
  readonly preview: Loaded<Preview>;
  /** The maker's own manifests by path; null if `spec.manifests` is not set or its folder does not exist. */
  readonly manifests: FileSet | null;
  readonly identity: Identity;
  /** Name of the preview if it already runs. @default - derived from the identity */
  readonly name?: string;
  readonly headSha: string;
  readonly author: string;
  /** Whether the head is in another repository; the preview then must not read secrets. @default false */
  readonly fromFork?: boolean;
  /** The registration of its repository in the apps repo. @default - not registered */
  readonly registration?: MicroApp | null;
  /** URL of the pull request. @default - unknown */
  readonly pullRequestUrl?: string | null;
  readonly labels: readonly string[];
  readonly times: Times;
  /** Digests of image tags, by image with tag. @default - not looked up: the tags stay */
  readonly digests?: ReadonlyMap<string, string> | undefined;
  /** Unix seconds since which the images lack required evidence. @default - they have it */
  readonly evidenceLostSince?: number | undefined;
  /** Evidence that was verified for the images. @default - not verified */
  readonly evidence?: EvidenceByDigest | undefined;
  /** Whether registries are asked later, so that the rules about evidence find nothing yet. @default false */
  readonly evidenceLater?: boolean;
}

/** A preview as it would be committed, and the findings of the rules. */
export interface CompiledPreview {
  readonly name: string;
  /** `previews/<cluster>/<repo>/<name>` */
  readonly folder: string;
  readonly cluster: string;
  /** URL for people; null if no app has a route. */
  readonly url: string | null;
  /** Unix seconds. */
  readonly expires: number;
  readonly cost: Cost;
  /** The same price for an hour, not rounded, for what is computed from it. */
  readonly perHour: number;
  readonly headSha: string;
  readonly record: PreviewRecord;
  readonly findings: readonly Finding[];
  /** Evidence of its images, one line each, for people. It is not written to the files. */
  readonly evidence: readonly string[];
  /** Notes for its maker, one sentence each. They are not written to the files. */
  readonly notes: readonly string[];
  /** Whether a finding denies the preview. Its files must then not be committed. */
  readonly denied: boolean;
  /** By path relative to the root of the apps repo. */
  readonly files: FileSet;
}

/** Compiles one preview; made by `createCompiler`. */
export type Compiler = (input: CompileInput) => CompiledPreview;
