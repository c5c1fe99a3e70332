import type * as z from 'zod';
import type { evidence } from './evidence.ts';
import type { egress, network } from './network.ts';
import type { ImagePullSecret } from './objects.ts';
import type { cluster, status } from './operation.ts';
import type { cost, policies, slots } from './rules.ts';
import type { services } from './services.ts';
import type { namespace, secrets, size, ttl } from './workload.ts';

/** The settings of a platform that must fit together. */
export interface Settings {
  readonly sizes: Readonly<Record<string, z.output<typeof size>>>;
  readonly namespace: z.output<typeof namespace>;
  readonly policies: z.output<typeof policies>;
  readonly ttl: z.output<typeof ttl>;
  readonly clusters: readonly z.output<typeof cluster>[];
  readonly egress: z.output<typeof egress>;
  readonly network: z.output<typeof network>;
  readonly secrets: z.output<typeof secrets>;
  readonly cost: z.output<typeof cost>;
  readonly defaultSize: string;
  readonly services: z.output<typeof services>;
  readonly registries: readonly string[];
  readonly tag: string;
  readonly slots: z.output<typeof slots>;
  readonly fenceKinds: readonly string[];
  readonly imagePullSecrets: readonly ImagePullSecret[];
  readonly status: z.output<typeof status>;
  readonly evidence: z.output<typeof evidence>;
}

/** Settings that contradict each other: the path and a sentence. */
export interface Contradiction {
  readonly path: (string | number)[];
  readonly message: string;
}
