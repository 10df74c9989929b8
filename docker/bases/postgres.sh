#!/usr/bin/env bash
# Makes a cluster on the first start, as PostgreSQL's published image does, and
# runs the command: POSTGRES_PASSWORD, POSTGRES_USER, POSTGRES_DB and
# POSTGRES_INITDB_ARGS mean what they mean there.
set -euo pipefail
if [ "$1" = postgres ] && [ ! -s "$PGDATA/PG_VERSION" ]; then
	: "${POSTGRES_PASSWORD:?choose a password for PostgreSQL}"
	user=${POSTGRES_USER:-postgres}
	database=${POSTGRES_DB:-$user}
	# shellcheck disable=SC2086 # They are several.
	initdb --username="$user" --pwfile=<(printf '%s\n' "$POSTGRES_PASSWORD") ${POSTGRES_INITDB_ARGS:-}
	printf '\nhost all all all scram-sha-256\n' >>"$PGDATA/pg_hba.conf"
	pg_ctl -w -o "-c listen_addresses='' -c unix_socket_directories=/tmp" start
	[ "$database" = postgres ] || PGPASSWORD=$POSTGRES_PASSWORD createdb --host=/tmp --username="$user" --maintenance-db=postgres "$database"
	pg_ctl -m fast -w stop
fi
if [ "$1" = postgres ]; then
	shift
	set -- postgres -c listen_addresses='*' "$@"
fi
exec "$@"
