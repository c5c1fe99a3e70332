#!/bin/sh
# Sets up an empty database with the variables of docker.io/library/postgres, then serves it.
set -eu
test "$POSTGRES_HOST_AUTH_METHOD" = trust
# A user without a name in /etc/passwd is given one, as the library's image does it.
initdb --username="$POSTGRES_USER" --auth-local=trust --auth-host=trust --no-sync >/dev/null
echo "host all all all trust" >>"$PGDATA/pg_hba.conf"
pg_ctl start --silent --wait -o "-c listen_addresses=''"
createdb --username="$POSTGRES_USER" "$POSTGRES_DB" || test "$POSTGRES_DB" = "$POSTGRES_USER"
pg_ctl stop --silent --wait
case "${1:-}" in -*) set -- postgres "$@" ;; esac
exec "$@"
