#!/bin/sh
# sysroot.sh ARCHITECTURE FOLDER: unpacks the libraries that koan needs (packages.txt) for another Debian architecture (arm64, s390x)
# into FOLDER. Nothing is installed: this machine's package lists and architectures stay as they are.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
architecture=$1
mkdir -p "$2"
folder=$(cd "$2" && pwd)
done=$folder/.complete
if [ -f "$done" ] && cmp -s "$done" "$here/packages.txt"; then exit 0; fi

state=$folder/.apt
mkdir -p "$state/lists/partial" "$state/cache/archives/partial" "$state/debs"
: >"$state/status"
own() { # apt-get as if it ran on the other machine; _apt may not be allowed to write here
  tool=$1
  shift
  "$tool" -q -o APT::Architecture="$architecture" -o APT::Architectures="$architecture" -o APT::Sandbox::User=root \
    -o Dir::State="$state" -o Dir::State::lists="$state/lists" -o Dir::State::status="$state/status" -o Dir::Cache="$state/cache" "$@"
}
own apt-get update >"$state/log" 2>&1 || true   # a list of this machine alone may fail; a missing package is found below
(cd "$state/debs" && own apt-get download $(cat "$here/packages.txt")) >>"$state/log" 2>&1 || { cat "$state/log"; exit 1; }
for deb in "$state"/debs/*.deb; do dpkg-deb -x "$deb" "$folder"; done
# Links to places of the other machine's root lead into the folder.
find "$folder/usr" "$folder/lib" -type l -lname '/*' 2>/dev/null | while read -r link; do
  ln -sf "$folder$(readlink "$link")" "$link"
done
rm -rf "$state"
cp "$here/packages.txt" "$done"
