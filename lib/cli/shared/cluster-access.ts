import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { GreenroomError } from '../../core/errors.ts';
import type { KubectlOptions } from '../../doctor/cluster/kubectl.ts';
import type { Io } from './io.ts';

/**
 * The kubectl options for the cluster in `--kubeconfig` and `--context`.
 *
 * @throws GreenroomError `invalid-input` if the file does not exist
 */
export function clusterAccess(
  { kubeconfig, context }: { readonly kubeconfig?: string | undefined; readonly context?: string | undefined },
  io: Io,
): KubectlOptions {
  if (kubeconfig !== undefined && !existsSync(resolve(io.cwd, kubeconfig))) {
    throw new GreenroomError('invalid-input', `--kubeconfig ${kubeconfig}: there is no such file`);
  }
  return {
    ...(kubeconfig === undefined ? {} : { kubeconfig: resolve(io.cwd, kubeconfig) }),
    ...(context === undefined ? {} : { context }),
    env: io.env,
  };
}
