import { ACCOUNT, type ServiceType } from './service.ts';

/** @see https://hub.docker.com/_/mysql: only root can have no password; here it is root of this one database server. */
export const mysql: ServiceType = {
  name: 'mysql',
  port: 3306,
  user: 999,
  size: 'medium',
  args: (address) => [`--bind-address=${address}`, '--mysqlx=OFF'],
  env: { MYSQL_ALLOW_EMPTY_PASSWORD: 'yes', MYSQL_DATABASE: ACCOUNT },
  writable: ['/var/lib/mysql', '/var/run/mysqld'],
  ready: ['mysqladmin', 'ping', '--host=127.0.0.1', '--user=root', '--silent'],
  database: ACCOUNT,
  username: 'root',
  url: `mysql://root@{host}:{port}/${ACCOUNT}`,
  variable: 'DATABASE_URL',
};
