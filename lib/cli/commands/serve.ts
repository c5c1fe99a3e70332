import { InvalidArgumentError, Option } from 'commander';
import { formatTime, systemClock } from '../../core/clock.ts';
import { GreenroomError } from '../../core/errors.ts';
import { printable } from '../../report/text.ts';
import type { LogEntry } from '../../serve/journal.ts';
import { Service } from '../../serve/service.ts';
import { parseSecrets, type StatusSecrets } from '../../serve/status-call.ts';
import { warmUp } from '../../sync/plan/warm-up.ts';
import { type ClientOptions, clientOptions, openClients } from '../shared/clients.ts';
import type { Configure } from '../shared/command.ts';
import { forgeKind } from '../shared/forges.ts';
import type { Io } from '../shared/io.ts';
import { numberArgument } from '../shared/options.ts';

interface ServeOptions extends ClientOptions {
  listen: { host: string; port: number };
  sweepEvery: number | 'never';
  concurrency: number;
  queue: number;
  grace: number;
}

export const configure: Configure = (command, io) => {
  clientOptions(command)
    .option('--listen <host:port>', 'address to listen at; default: 127.0.0.1:8080', listenArgument, {
      host: '127.0.0.1',
      port: 8080,
    })
    .addOption(
      new Option('--sweep-every <time>', 'time between two sweeps, or "never"')
        .argParser(sweepArgument)
        .default(600, '10m'),
    )
    .option('--concurrency <n>', 'number of pull requests that are synced at the same time', numberArgument, 50)
    .option('--queue <n>', 'number of pull requests that may wait; further deliveries get 503', numberArgument, 1000)
    .addOption(
      new Option('--grace <time>', 'how long running syncs may continue after SIGTERM or SIGINT')
        .argParser(secondsArgument)
        .default(30, '30s'),
    )
    .addHelpText(
      'after',
      `
Receives GitHub's webhooks (pull requests, issue comments and pushes) at /webhook and syncs their pull requests, each of
them one sync at a time. Sweeps when it starts, regularly, and when somebody else changes the apps repo.
Answers GET requests at /healthz, /readyz and /metrics.

Deliveries must be signed with GREENROOM_WEBHOOK_SECRET; while you replace it, GREENROOM_WEBHOOK_SECRET_OLD is accepted
too. Clusters report at /status, signed with their secrets in GREENROOM_STATUS_SECRETS="main=... other=..."; "greenroom
watch" in each cluster does this. It stores nothing: run several replicas, and stop any of them at any time.

Examples:
  GREENROOM_WEBHOOK_SECRET=... greenroom serve --apps-repo acme/previews
  GREENROOM_WEBHOOK_SECRET=... greenroom serve --apps-repo acme/previews --listen 0.0.0.0:8080 --format json`,
    )
    .action((options: ServeOptions) => run(options, io));
};

async function run(options: ServeOptions, io: Io): Promise<void> {
  const secrets = secretsOf(io.env);
  let service: Service | undefined;
  const withContext = await openClients(options, io, (wait) => service?.waits(wait));
  // Report a wrong setting now, and not in every sync.
  const apps = await withContext(async (context) => {
    warmUp(context);
    return context.repo.proposals?.repository;
  });
  service = new Service({
    looks: true,
    ...options.listen,
    statusSecrets: statusSecretsOf(io.env),
    webhooks: await forgeKind(io.env).webhooks(),
    secrets,
    appsRepo: apps === undefined ? null : { ...apps, branch: options.branch },
    withContext,
    log: (entry) => io.err(options.format === 'json' ? jsonLine(entry) : textLine(entry)),
    concurrency: options.concurrency,
    capacity: options.queue,
    sweepEvery: options.sweepEvery === 'never' ? null : options.sweepEvery,
    dryRun: options.dryRun === true,
    random: Math.random,
  });
  const asked = new Promise<void>((resolve) => {
    let isAsked = false;
    const onSignal = () => {
      if (isAsked) process.exit(1);
      isAsked = true;
      resolve();
    };
    process.on('SIGTERM', onSignal).on('SIGINT', onSignal);
  });
  await service.start();
  await asked;
  // Unfinished work would keep the process alive; the next sweep does it again.
  if (!(await service.stop(options.grace))) process.exit(0);
}

/** Minimum length: shorter secrets can be guessed. */
const MIN_SECRET = 16;

function secretsOf(env: Io['env']): string[] {
  const names = ['GREENROOM_WEBHOOK_SECRET', 'GREENROOM_WEBHOOK_SECRET_OLD'];
  if (!env[names[0]!]) {
    throw new GreenroomError(
      'invalid-input',
      'GREENROOM_WEBHOOK_SECRET is not set; give the secret that the webhook was made with on the forge',
    );
  }
  return names.flatMap((name) => {
    const secret = env[name];
    if (!secret) return [];
    if (secret.length >= MIN_SECRET) return [secret];
    throw new GreenroomError('invalid-input', `${name} must have at least ${MIN_SECRET} characters`);
  });
}

/** Secrets of the clusters that report; empty if there are none. */
function statusSecretsOf(env: Io['env']): StatusSecrets {
  const found = parseSecrets(env['GREENROOM_STATUS_SECRETS'] ?? '');
  if (found !== null) return found;
  throw new GreenroomError(
    'invalid-input',
    'GREENROOM_STATUS_SECRETS must be CLUSTER=SECRET, several with spaces between, each secret of at least 16 characters',
  );
}

function listenArgument(text: string): { host: string; port: number } {
  const [, ipv6, host, port] = /^(?:\[([0-9a-fA-F:]+)\]|([A-Za-z0-9.-]+)):(\d{1,5})$/.exec(text) ?? [];
  if (port === undefined || Number(port) > 65_535) {
    throw new InvalidArgumentError('It takes HOST:PORT, e.g. 127.0.0.1:8080 or [::1]:8080.');
  }
  return { host: ipv6 ?? host!, port: Number(port) };
}

function sweepArgument(text: string): number | 'never' {
  return text === 'never' ? text : secondsArgument(text);
}

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600 };

/** `30s`, `10m`, `1h` as seconds. */
function secondsArgument(text: string): number {
  const [, count, unit = ''] = /^([1-9]\d{0,5})([smh])$/.exec(text) ?? [];
  if (count === undefined) throw new InvalidArgumentError('It takes a time such as 30s, 10m or 1h.');
  return Number(count) * UNITS[unit]!;
}

function jsonLine(entry: LogEntry): string {
  return `${JSON.stringify({ time: formatTime(systemClock()), ...entry })}\n`;
}

function textLine({ level, event, ...fields }: LogEntry): string {
  const rest = Object.entries(fields).flatMap(([name, value]) =>
    value === null || value === undefined ? [] : [`${name}=${quoted(String(value))}`],
  );
  return `${[formatTime(systemClock()), level, event, ...rest].join(' ')}\n`;
}

function quoted(value: string): string {
  const text = printable(value);
  return /^[\w./:#@-]+$/.test(text) ? text : JSON.stringify(text);
}
