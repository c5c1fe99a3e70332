import { setTimeout } from 'node:timers/promises';
import type { ApplyOptions } from '../gitops/apply.ts';

/** How a lost race is tried again, where the caller does not say otherwise. */
export function raceOptions(options: Partial<ApplyOptions> = {}): ApplyOptions {
  return { random: Math.random, sleep: (milliseconds) => setTimeout(milliseconds), ...options };
}
