#!/bin/sh
# Builds the container image of one server version from Debian's own packages, for machines that reach
# no image registry, and prints the image's name.
#
#   build.sh VERSION          build unless an image of this very recipe exists; print its name
#   build.sh --tag VERSION    print the name and do nothing else
#   build.sh --list           print the versions that can be built
#
# The name ends in a hash of this file and of the version's package list and suite: a changed recipe is
# another name, so it builds again, and an unchanged one costs one look at the local images.
#
# BWREDIS_DEBIAN_MIRROR     the Debian mirror to use; default: the one this machine's apt uses
set -eu

label=org.bwredis.image # on every image: the version; the recipe's hash is in org.bwredis.recipe

fail() {
  echo "build.sh: $*" >&2
  exit 1
}

# recipe VERSION sets suite and packages.
recipe() {
  case $1 in
    redis-6.0) suite=bullseye packages=redis-server,redis-sentinel,redis-tools ;;
    redis-7.0) suite=bookworm packages=redis-server,redis-sentinel,redis-tools ;;
    redis-8.0) suite=trixie packages=redis-server,redis-sentinel,redis-tools ;;
    valkey-8.1) suite=trixie packages=valkey-server,valkey-sentinel,valkey-tools ;;
    valkey-9.1) suite=sid packages=valkey-server,valkey-sentinel,valkey-tools ;;
    *) fail "unknown version '$1', want one of: $(versions)" ;;
  esac
  # Beside the server: the C library's tools, a shell and the basic commands, to look around inside.
  packages=$packages,libc-bin,dash,coreutils
}

versions() { echo redis-6.0 redis-7.0 redis-8.0 valkey-8.1 valkey-9.1; }

recipe_hash() { { cat "$0" && echo "$1 $suite $packages"; } | sha256sum | cut -c1-12; }

# mirror prints the base address of the first Debian archive (not the security one) in apt's lists, or
# nothing, which leaves the choice to mmdebstrap.
mirror() {
  if [ -n "${BWREDIS_DEBIAN_MIRROR:-}" ]; then
    echo "$BWREDIS_DEBIAN_MIRROR"
    return
  fi
  command -v apt-get >/dev/null || return 0
  apt-get indextargets --format '$(ORIGIN)|$(LABEL)|$(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
    sed -n 's/^Debian|Debian|//p' | sed -n '1s,/$,,p'
}

as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo -n "$@"
  else
    return 1
  fi
}

# need_mmdebstrap installs it, and the keys Debian signs its archive with, where they are missing.
need_mmdebstrap() {
  command -v mmdebstrap >/dev/null && [ -e /usr/share/keyrings/debian-archive-keyring.gpg ] && return
  how="install the packages mmdebstrap and debian-archive-keyring"
  command -v apt-get >/dev/null || fail "mmdebstrap is needed and there is no apt-get to get it: $how on a Debian system"
  echo "build.sh: installing mmdebstrap" >&2
  install='env DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends -o DPkg::Lock::Timeout=120'
  # shellcheck disable=SC2086 # the words of $install are meant to split
  { as_root $install install mmdebstrap debian-archive-keyring ||
    { as_root $install update && as_root $install install mmdebstrap debian-archive-keyring; }; } >&2 ||
    fail "cannot install mmdebstrap (not root, no password-less sudo, or no mirror): $how"
}

exists() { docker image inspect "$1" >/dev/null 2>&1; }

# remove_others VERSION NAME removes this version's images of other recipes. One that a container still
# uses stays, and goes with a later build.
remove_others() {
  docker image ls --filter "label=$label=$1" --format '{{.Repository}}:{{.Tag}}' | while read -r other; do
    [ "$other" = "$2" ] || docker image rm "$other" >/dev/null 2>&1 || true
  done
}

# build VERSION NAME: into a file first, so that an image exists completely or not at all.
build() {
  need_mmdebstrap
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  trap 'exit 1' HUP INT TERM
  echo "build.sh: building $2 from $suite" >&2
  # Only the freshness check is off, signatures are still verified: a frozen mirror is as good for tests.
  # shellcheck disable=SC2046 # no mirror is no argument
  mmdebstrap --quiet --variant=extract --aptopt='Acquire::Check-Valid-Until "false"' \
    --hook-dir=/usr/share/mmdebstrap/hooks/merged-usr \
    --include="$packages" "$suite" "$work/root.tar" $(mirror) >"$work/log" 2>&1 ||
    fail "mmdebstrap failed: $(tail -n 15 "$work/log")"
  docker import --change "LABEL $label=$1 org.bwredis.recipe=${2##*:}" "$work/root.tar" "$2" >/dev/null
  remove_others "$1" "$2"
}

case ${1:-} in
  --list) versions && exit ;;
  --tag) action=tag version=${2:-} ;;
  *) action=build version=${1:-} ;;
esac
recipe "$version"
name=bwredis-test/$version:$(recipe_hash "$version")

if [ "$action" = build ]; then
  command -v docker >/dev/null || fail "the docker command is needed"
  if ! exists "$name"; then
    command -v flock >/dev/null || fail "flock is needed (package util-linux)"
    # Two test processes may want the same image: the second waits here and finds it built.
    exec 9>"${XDG_RUNTIME_DIR:-${TMPDIR:-/tmp}}/bwredis-image-$version-$(id -u).lock"
    flock 9
    exists "$name" || build "$version" "$name"
  fi
fi
echo "$name"
