import type { FileSet } from '../core/fileset.ts';
import type { Finding } from '../core/finding.ts';
import type { Identity } from '../model/identity.ts';
import type { Loaded } from '../model/load.ts';
import type { PlatformSpec } from '../model/platform.ts';
import type { Preview } from '../model/preview.ts';
import type { Manifest } from './files.ts';
import type { MakerManifest } from './manifests.ts';

export interface JudgeOptions {
  readonly platform: PlatformSpec;
  readonly exceptions?: FileSet;
  readonly now: number;
}

export interface Case {
  readonly preview: Loaded<Preview>;
  readonly generated: readonly Manifest[];
  readonly makers: readonly MakerManifest[];
  readonly namespaceObject: Manifest | undefined;
  readonly name: string;
  readonly identity: Identity;
}

export type Judge = (candidate: Case) => readonly Finding[];

export function createJudge(_options: JudgeOptions): Judge {
  return () => [];
}
