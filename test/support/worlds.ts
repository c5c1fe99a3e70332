import { inject } from 'vitest';
import { overGitHub } from './fake-github/world.ts';
import { MemoryWorld } from './memory/world.ts';
import { type AnyWorld, World as LocalWorld } from './world.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** What sync, sweep and their like run over: each is a project of vitest.config.ts. */
    world: 'memory' | 'git' | 'github';
  }
}

/** Of any kind: suites that say nothing of where things lie run over each. */
export type World = AnyWorld;
export const World: new (platform?: string) => World = {
  memory: MemoryWorld,
  git: LocalWorld,
  github: overGitHub(LocalWorld),
}[inject('world')];

/** With a bare repository behind it, for suites that run commands or git on it. */
export type GitWorld = LocalWorld;
export const GitWorld: typeof LocalWorld = inject('world') === 'github' ? overGitHub(LocalWorld) : LocalWorld;
