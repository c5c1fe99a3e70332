import { mysql } from './mysql.ts';
import { postgres } from './postgres.ts';
import { redis } from './redis.ts';
import type { ServiceType } from './service.ts';

/** What is known of the usual services; a platform offers those that it names an image for, and its own. */
export const SERVICE_TYPES: readonly ServiceType[] = [postgres, redis, mysql];
