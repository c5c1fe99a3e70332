import { ACCOUNT, type ServiceType } from './service.ts';

/** @see https://hub.docker.com/_/postgres: it runs as any numeric user, if that user owns the data folder. */
export const postgres: ServiceType = {
  name: 'postgres',
  port: 5432,
  user: 999,
  size: 'small',
  args: (address) => ['-c', `listen_addresses=${address}`],
  env: {
    PGDATA: '/var/lib/postgresql/data/pgdata',
    POSTGRES_DB: ACCOUNT,
    POSTGRES_HOST_AUTH_METHOD: 'trust',
    POSTGRES_USER: ACCOUNT,
  },
  writable: ['/var/lib/postgresql/data', '/var/run/postgresql'],
  // During initialization it listens only on its socket.
  ready: ['pg_isready', '--host=127.0.0.1', `--username=${ACCOUNT}`],
  database: ACCOUNT,
  username: ACCOUNT,
  url: `postgresql://${ACCOUNT}@{host}:{port}/${ACCOUNT}`,
  variable: 'DATABASE_URL',
};
