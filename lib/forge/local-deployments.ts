import { join } from 'node:path';
import * as z from 'zod';
import type { Deployment, KeptDeployment } from './forge.ts';
import { textOf } from './local-files.ts';

/** `<owner>/<repo>/pulls/<n>/deployment.json` */
const DeploymentFile = z.object({
  environment: z.string(),
  deployments: z.array(
    z.object({
      headSha: z.string(),
      createdAt: z.int(),
      state: z.enum(['in_progress', 'success', 'failure', 'inactive']),
      description: z.string(),
      url: z.string().nullable(),
    }),
  ),
});

/** Older deployments are dropped. */
const MAX_KEPT = 10;

/** The stored deployments to an environment, newest first; empty for a malformed file. */
export function readLocalDeployments(folder: string, environment: string): readonly KeptDeployment[] {
  try {
    const file = DeploymentFile.safeParse(JSON.parse(textOf(join(folder, 'deployment.json')) ?? 'null')).data;
    return file?.environment === environment ? file.deployments : [];
  } catch {
    return [];
  }
}

/** The deployments to store after this one is published. */
export function withDeployment(
  kept: readonly KeptDeployment[],
  { live, staying }: Deployment,
  now: number,
): readonly KeptDeployment[] {
  const known = kept.find(({ headSha }) => headSha === live?.headSha);
  const others = kept
    .filter((one) => one !== known)
    .map((one) => (staying.some((sha) => one.headSha.startsWith(sha)) ? one : { ...one, state: 'inactive' as const }));
  const current = live === null ? [] : [{ ...live, createdAt: known?.createdAt ?? now }];
  return [...current, ...others].slice(0, MAX_KEPT);
}
