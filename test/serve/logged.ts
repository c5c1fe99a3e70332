import { gitHubWebhooks } from '../../lib/github/webhook.ts';
import type { LogEntry } from '../../lib/serve/journal.ts';
import { Service, type ServiceOptions } from '../../lib/serve/service.ts';
import { SECRET } from './deliver.ts';

/** A service on a free port of the loopback that does not sweep by itself, and what it logs. */
export function loggedService(options: Pick<ServiceOptions, 'withContext'> & Partial<ServiceOptions>): {
  readonly service: Service;
  readonly log: readonly LogEntry[];
} {
  const log: LogEntry[] = [];
  const service = new Service({
    host: '127.0.0.1',
    port: 0,
    webhooks: gitHubWebhooks,
    secrets: [SECRET],
    log: (entry) => log.push(entry),
    sweepEvery: null,
    random: () => 0,
    ...options,
  });
  return { service, log };
}
