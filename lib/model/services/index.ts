import { mysql } from './mysql.ts';
import { postgres } from './postgres.ts';
import { redis } from './redis.ts';
import type { ServiceType } from './service.ts';

/** Built-in defaults of common services. A platform offers those for which it names an image, and its own. */
export const SERVICE_TYPES: readonly ServiceType[] = [postgres, redis, mysql];
