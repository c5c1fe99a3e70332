import { setTimeout } from 'node:timers/promises';
import type { ApplyOptions } from '../gitops/apply.ts';

/** Retry options for a lost race, with defaults. */
export function raceOptions(options: Partial<ApplyOptions> = {}): ApplyOptions {
  return { random: Math.random, sleep: (milliseconds) => setTimeout(milliseconds), ...options };
}
