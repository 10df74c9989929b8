#!/usr/bin/env bash
# Makes stand-ins for the images that the Dockerfile and the compositions begin
# with, under the names and tags that stand there, for an engine that reaches no
# registry of images:
#
#   docker/bases.sh            all of them, but Qdrant's
#   docker/bases.sh golang     one: debian, golang, postgres, nginx, qdrant; or
#                              postgres-15, an older one to test with
#
# They are of Debian's packages, of the Go toolchain from the Go module proxy
# and, for Qdrant, of the program that ONETON_TEST_QDRANT_PROGRAM names. An image
# that is there stays. Where its publisher's own can be pulled, use that: these
# have the packages of the day, and what Debian has of each program.
#
# It needs root, debootstrap and an engine and a client with BuildKit.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
export DOCKER_BUILDKIT=1

die() { echo "bases.sh: $*" >&2; exit 1; }

# image tells the name and tag that stand for a program in the files.
image() {
	local found
	case $1 in
	debian | golang)
		found=$(sed -n "s/^FROM \(--platform=\S* \)\?\($1:\S*\).*/\2/p" "$here/Dockerfile" | head -1)
		local name
		for name in GO_VERSION DEBIAN_VERSION; do
			found=${found//"\${$name}"/$(sed -n "s/^ARG $name=//p" "$here/Dockerfile")}
		done
		;;
	postgres-15) found=postgres:15-bookworm ;;
	*) found=$(sed -n "s/^ *image: \(\S*\b$1:\S*\)$/\1/p" "$here/services.yaml") ;;
	esac
	[ -n "$found" ] || die "no file begins with an image of $1"
	echo "$found"
}

there() { docker image inspect "$1" >/dev/null 2>&1; }

# suite gives the image of a Debian release with what every installation has.
suite() {
	local name="oneton-suite:$1"
	if ! there "$name"; then
		local root
		root=$(mktemp -d)
		trap 'rm -rf "$root"' RETURN
		debootstrap --variant=minbase "$1" "$root" >&2
		rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/*
		# What the host trusts the images trust, before ca-certificates is
		# installed in them and after.
		local bundle=/etc/ssl/certs/ca-certificates.crt
		install -D -m 0644 "$bundle" "$root$bundle"
		install -D -m 0644 "$bundle" "$root/usr/local/share/ca-certificates/host.crt"
		tar -C "$root" -c . | docker import --change 'CMD ["bash"]' - "$name" >/dev/null
	fi
	echo "$name"
}

# build makes an image of the Dockerfile on standard input, with a folder's files.
build() { docker build --quiet --tag "$1" --file - "${2:-$here/bases}" >/dev/null; }

packages() { echo "RUN apt-get update && apt-get install -qy --no-install-recommends $* && rm -rf /var/lib/apt/lists/*"; }

make() {
	local name
	name=$(image "$1")
	if there "$name"; then
		echo "$name is there"
		return
	fi
	case $1 in
	debian) docker tag "$(suite bookworm)" "$name" ;;
	golang)
		local version=${name#*:} root
		version=${version%%-*}
		root=$(cd / && GOTOOLCHAIN=go$version go env GOROOT)
		build "$name" "$root" <<-END
			FROM $(suite bookworm)
			$(packages gcc libc6-dev git)
			COPY . /usr/local/go
			ENV PATH=/go/bin:/usr/local/go/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin GOPATH=/go GOTOOLCHAIN=local
		END
		;;
	postgres | postgres-15)
		local release=trixie # It has version 17.
		[ "$1" = postgres ] || release=bookworm
		build "$name" <<-END
			FROM $(suite "$release")
			RUN groupadd --gid 999 postgres && useradd --uid 999 --gid 999 --home-dir /var/lib/postgresql postgres
			$(packages postgresql)
			RUN ln -s /usr/lib/postgresql/*/bin/* /usr/local/bin/ \
			 && install -d -o 999 -g 999 -m 0700 /var/lib/postgresql/data /var/run/postgresql
			COPY postgres.sh /usr/local/bin/entrypoint
			USER 999:999
			ENV PGDATA=/var/lib/postgresql/data
			VOLUME /var/lib/postgresql/data
			STOPSIGNAL SIGINT
			EXPOSE 5432
			ENTRYPOINT ["entrypoint"]
			CMD ["postgres"]
		END
		;;
	nginx)
		build "$name" <<-END
			FROM $(suite bookworm)
			RUN groupadd --gid 101 nginx && useradd --uid 101 --gid 101 --no-create-home nginx
			$(packages nginx-light wget)
			STOPSIGNAL SIGQUIT
			EXPOSE 80
			CMD ["nginx", "-g", "daemon off;"]
		END
		;;
	qdrant)
		local program=${ONETON_TEST_QDRANT_PROGRAM:-} folder
		[ -x "$program" ] || die "qdrant: ONETON_TEST_QDRANT_PROGRAM names no program"
		folder=$(mktemp -d)
		trap 'rm -rf "$folder"' RETURN
		install -m 0755 "$program" "$folder/qdrant"
		build "$name" "$folder" <<-END
			FROM $(suite bookworm)
			$(packages libunwind8)
			COPY qdrant /qdrant/qdrant
			RUN install -d -o 1000 -g 1000 -m 0700 /qdrant/storage
			WORKDIR /qdrant
			USER 1000:1000
			EXPOSE 6333 6334
			CMD ["./qdrant"]
		END
		# The image that suites start is the same, whose user may be root.
		docker tag "$name" "${name%-unprivileged}"
		;;
	*) die "$1 is none of debian, golang, postgres, postgres-15, nginx, qdrant" ;;
	esac
	echo "$name made"
}

docker version >/dev/null 2>&1 || die "no engine answers"
[ $# -gt 0 ] || set -- debian golang postgres nginx
for name; do make "$name"; done
