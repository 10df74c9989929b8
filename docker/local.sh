#!/usr/bin/env bash
# The cluster of compose.cluster.yaml from plain processes, on loopback, for
# tests and for trying things out: PostgreSQL, Qdrant if there is one, two
# oneton and nginx before them. It runs until it is interrupted and removes
# nothing: started again with the same folder it goes on.
#
#   docker/local.sh FOLDER
#
# ONETON        the program, bin/oneton when left out
# QDRANT        Qdrant's program; without it each oneton searches by itself
# QDRANT_NODES  how many of it, 1 when left out
# PORT          of the proxy, 18080 when left out; the others follow it
#
# Each process has its log and the file of its process id in FOLDER.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
[ $# = 1 ] || { echo "usage: $0 FOLDER" >&2; exit 2; }
mkdir -p "$1"
folder=$(cd "$1" && pwd)
oneton=${ONETON:-$here/../bin/oneton}
port=${PORT:-18080}
nodes=${QDRANT_NODES:-1}
postgres_port=$((port + 3))
host=127.0.0.1

# Debian's programs are not all on the path.
PATH=$PATH:/usr/sbin:$(printf '%s:' /usr/lib/postgresql/*/bin)
need() {
	command -v "$1" >/dev/null || { echo "install first: $2" >&2; exit 1; }
}
need nginx nginx
need initdb postgresql

# PostgreSQL refuses to run as root.
as_postgres() { exec "$@"; }
if [ "$(id -u)" = 0 ]; then
	as_postgres() { exec setpriv --reuid=postgres --regid=postgres --init-groups "$@"; }
fi

pids=()
stop() {
	trap - EXIT INT TERM
	# The proxy first, the stores last.
	for ((i = ${#pids[@]} - 1; i >= 0; i--)); do
		kill -TERM "${pids[i]}" 2>/dev/null || true
		wait "${pids[i]}" 2>/dev/null || true
	done
	exit 0
}
trap stop EXIT INT TERM

# start NAME COMMAND… runs a command until stop.
start() {
	local name=$1
	shift
	"$@" >>"$folder/$name.log" 2>&1 &
	pids+=($!)
	echo $! >"$folder/$name.pid"
}

# await NAME COMMAND… waits until a command succeeds.
await() {
	local name=$1
	shift
	for _ in $(seq 600); do
		"$@" >/dev/null 2>&1 && return
		kill -0 "$(cat "$folder/$name.pid")" 2>/dev/null || break
		sleep 0.1
	done
	echo "$name does not start:" >&2
	tail -20 "$folder/$name.log" >&2
	exit 1
}

answers() {
	exec 3<>"/dev/tcp/$host/$1" && exec 3>&-
}

umask 077
[ -s "$folder/password" ] || head -c 24 /dev/urandom | base64 >"$folder/password"
PGPASSWORD=$(cat "$folder/password")
export PGPASSWORD

data=$folder/postgres
if [ ! -s "$data/PG_VERSION" ]; then
	install -d -m 0700 "$data"
	cp "$folder/password" "$data.password"
	if [ "$(id -u)" = 0 ]; then
		chmod a+x "$folder"
		chown postgres: "$data" "$data.password"
	fi
	(cd / && as_postgres initdb --pgdata "$data" --username oneton --pwfile "$data.password" \
		--auth scram-sha-256 --encoding UTF8 --no-locale) >"$folder/initdb.log" 2>&1
	rm "$data.password"
fi
cd /
start postgres as_postgres postgres -D "$data" -c listen_addresses=$host -c port=$postgres_port -c unix_socket_directories=
cd - >/dev/null
await postgres psql --host $host --port $postgres_port --username oneton --dbname postgres --command 'SELECT 1'
createdb --host $host --port $postgres_port --username oneton --encoding UTF8 oneton 2>/dev/null || true

settings=(
	ONETON_STORE_DRIVER=postgres
	"ONETON_STORE_URL=postgres://oneton@$host:$postgres_port/oneton?sslmode=disable"
	"ONETON_SECRET=$folder/secret.key"
)
if [ -n "${QDRANT:-}" ]; then
	for ((i = 1; i <= nodes; i++)); do
		base=$((port + 10 * i))
		cluster=()
		if [ "$nodes" -gt 1 ]; then
			cluster=(--uri "http://$host:$((base + 2))")
			[ "$i" = 1 ] || cluster+=(--bootstrap "http://$host:$((port + 12))")
		fi
		mkdir -p "$folder/qdrant-$i"
		cd "$folder/qdrant-$i"
		start "qdrant-$i" env QDRANT__SERVICE__HOST=$host QDRANT__SERVICE__GRPC_PORT=$base QDRANT__SERVICE__HTTP_PORT=$((base + 1)) \
			QDRANT__CLUSTER__ENABLED="$([ "$nodes" -gt 1 ] && echo true || echo false)" QDRANT__CLUSTER__P2P__PORT=$((base + 2)) \
			QDRANT__SERVICE__ENABLE_STATIC_CONTENT=false QDRANT__TELEMETRY_DISABLED=true "$QDRANT" "${cluster[@]}"
		cd - >/dev/null
		await "qdrant-$i" answers $base
	done
	settings+=(ONETON_INDEX_ENGINE=qdrant "ONETON_INDEX_QDRANT_ADDRESS=$host:$((port + 10))")
	[ "$nodes" -lt 3 ] || settings+=(ONETON_INDEX_QDRANT_SHARDS=3 ONETON_INDEX_QDRANT_REPLICAS=2)
fi

# The second after the first, which makes the secret and the first key.
replica() {
	start "oneton-$1" env "${settings[@]}" "ONETON_DATA=$folder/oneton-$1" "ONETON_LISTEN=$host:$2" "$oneton" serve
	await "oneton-$1" env "${settings[@]}" "ONETON_LISTEN=$host:$2" "$oneton" health --timeout 60s
}
replica a $((port + 1))
replica b $((port + 2))

sed -e "s|/tmp/|$folder/nginx-|" -e "s|/dev/stdout|$folder/nginx-access.log|" -e "s|listen 8080|listen $host:$port|" \
	-e "s|oneton-a:8080|$host:$((port + 1))|" -e "s|oneton-b:8080|$host:$((port + 2))|" "$here/nginx.conf" >"$folder/nginx.conf"
# As root its workers would be somebody else, who cannot write here.
[ "$(id -u)" != 0 ] || sed -i '1i user root;' "$folder/nginx.conf"
start proxy nginx -p "$folder" -c "$folder/nginx.conf" -e stderr -g 'daemon off;'
await proxy answers "$port"

echo "first key: $(sed -n 's/^first API key.*: //p' "$folder/oneton-a.log" | tail -1)"
echo "ready: http://$host:$port"
# Until it is interrupted; a process that is killed is not started again.
wait || true
