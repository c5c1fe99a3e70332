import type { ServiceType } from './service.ts';

/** @see https://hub.docker.com/_/redis */
export const redis: ServiceType = {
  name: 'redis',
  port: 6379,
  user: 999,
  size: 'small',
  args: (address) => ['redis-server', '--bind', address, '--protected-mode', 'no', '--save', '', '--appendonly', 'no'],
  env: {},
  writable: ['/data'],
  ready: ['redis-cli', '-h', '127.0.0.1', 'ping'],
  database: '',
  username: '',
  url: 'redis://{host}:{port}/0',
  variable: 'REDIS_URL',
};
