import { setTimeout } from 'node:timers/promises';
import { systemClock } from '../../core/clock.ts';
import { RegistryClient, type RegistryClientOptions } from './client.ts';
import { dockerCredentials } from './credentials.ts';
import { nodeExchange } from './exchange.ts';
import { helpersOf } from './helper.ts';

/** A client for all registries, with the logins that `docker login` and similar tools stored on this machine. */
export function openRegistries(
  env: Readonly<Record<string, string | undefined>>,
  options: Partial<RegistryClientOptions> = {},
): RegistryClient {
  const sleep = (milliseconds: number) => setTimeout(milliseconds);
  const network = { exchange: nodeExchange, clock: systemClock, sleep };
  return new RegistryClient({ credentials: dockerCredentials(env, helpersOf(env)), network, ...options });
}
