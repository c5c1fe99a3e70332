#!/bin/sh
# Sets up an empty database with the variables of docker.io/library/postgres, then serves it.
set -eu
test "$POSTGRES_HOST_AUTH_METHOD" = trust
initdb --username="$POSTGRES_USER" --auth-local=trust --auth-host=trust --encoding=UTF8 --no-sync >/dev/null
echo "host all all all trust" >>"$PGDATA/pg_hba.conf"
# Nobody gets in before it is set up.
pg_ctl start --silent --wait -o "-c listen_addresses=''"
createdb --username="$POSTGRES_USER" "$POSTGRES_DB"
pg_ctl stop --silent --wait
case "${1:-}" in -*) set -- postgres "$@" ;; esac
exec "$@"
