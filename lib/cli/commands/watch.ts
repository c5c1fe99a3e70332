import { readFileSync } from 'node:fs';
import { formatTime, systemClock } from '../../core/clock.ts';
import { GreenroomError, invalidInput } from '../../core/errors.ts';
import { ClusterApi } from '../../watch/api.ts';
import { Reporter } from '../../watch/reporter.ts';
import { sender } from '../../watch/send.ts';
import type { Configure } from '../shared/command.ts';
import type { Io } from '../shared/io.ts';

interface WatchOptions {
  cluster: string;
  to: string;
  server?: string;
  tokenFile: string;
  caFile?: string;
  logs?: boolean;
}

const ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';

export const configure: Configure = (command, io) => {
  command
    .requiredOption('--cluster <name>', 'name of this cluster in greenroom.yaml')
    .requiredOption('--to <url>', 'address of serve for reports, e.g. https://greenroom.example.com/status')
    .option('--server <url>', "address of the API server; default: this pod's own cluster")
    .option(
      '--token-file <file>',
      'file with the token of the account; read for each request, since Kubernetes replaces it',
      `${ACCOUNT}/token`,
    )
    .option('--ca-file <file>', "certificate of the API server; default: this pod's own")
    .option('--logs', 'also report the last lines of an app that exits, except lines that may contain a credential')
    .addHelpText(
      'after',
      `
Runs in a cluster. Reads the objects of its previews (pods, replica sets, deployments, events, routes, external secrets;
no Secrets, and no logs without --logs) and reports changes to serve, signed with GREENROOM_STATUS_SECRET. It writes and
stores nothing.

Example:
  GREENROOM_STATUS_SECRET=... greenroom watch --cluster main --to https://greenroom.example.com/status`,
    )
    .action((options: WatchOptions) => run(options, io));
};

async function run(options: WatchOptions, io: Io): Promise<void> {
  const secret = io.env['GREENROOM_STATUS_SECRET'] ?? '';
  if (secret.length < 16) {
    throw new GreenroomError('invalid-input', 'GREENROOM_STATUS_SECRET must be set, with at least 16 characters');
  }
  if (!URL.canParse(options.to) || !/^https?:/.test(options.to)) {
    throw invalidInput([
      {
        field: '--to',
        message: `must be an address such as https://greenroom.example.com/status; found ${options.to}`,
      },
    ]);
  }
  const { server, ca } = serverOf(options, io);
  const api = new ClusterApi({ server, ca, tokenFile: options.tokenFile });
  const stop = new AbortController();
  process.once('SIGTERM', () => stop.abort()).once('SIGINT', () => stop.abort());
  const log = (message: string) => io.err(`${formatTime(systemClock())} ${message}\n`);
  const send = sender(options.to, secret);
  const reporter = new Reporter({
    ...{ api, cluster: options.cluster, send, clock: systemClock, log, random: Math.random },
    logs: options.logs === true,
  });
  log(`watching the previews of ${server} for ${options.cluster}`);
  await reporter.run(stop.signal);
  api.close();
}

function serverOf({ server, caFile }: WatchOptions, io: Io): { server: string; ca: string | undefined } {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port = '443' } = io.env;
  if (server === undefined && host === undefined) {
    throw new GreenroomError('invalid-input', 'this does not run in a pod: name the API server with --server');
  }
  const own = server === undefined ? `${ACCOUNT}/ca.crt` : undefined;
  const file = caFile ?? own;
  const address = server ?? `https://${host!.includes(':') ? `[${host}]` : host}:${port}`;
  try {
    return { server: address, ca: file === undefined ? undefined : readFileSync(file, 'utf8') };
  } catch (cause) {
    throw new GreenroomError('invalid-input', `${file} cannot be read`, { cause });
  }
}
