#!/bin/sh
# Installs the Debian packages named in the given lists (build, peers, check) unless all are there.
set -eu
here=$(dirname "$0")
missing=
for list in "$@"; do
  for package in $(cat "$here/$list.txt"); do
    # A command of the package's name from elsewhere will do: Node.js of its makers brings npm, and excludes Debian's.
    command -v "$package" >/dev/null && continue
    status=$(dpkg-query -W -f='${Status}' "$package" 2>/dev/null) || status=
    [ "$status" = "install ok installed" ] || missing="$missing $package"
  done
done
[ -n "$missing" ] || exit 0

if ! command -v apt-get >/dev/null; then
  echo "koan: needs these Debian packages (or what they are called here):$missing" >&2
  exit 1
fi
root=
if [ "$(id -u)" != 0 ]; then
  if ! command -v sudo >/dev/null; then
    echo "koan: run this as root, or install first:$missing" >&2
    exit 1
  fi
  root=sudo
fi
echo "Installing:$missing"
export DEBIAN_FRONTEND=noninteractive
$root apt-get install -y -q --no-install-recommends $missing >/dev/null 2>&1 && exit 0
# The package lists of a fresh machine are empty or old.
$root apt-get update -q
$root apt-get install -y -q --no-install-recommends $missing
