#!/usr/bin/env bash
# Prints the path of a program: the installed one, or Debian's, unpacked below .cache/ (nothing is installed, no rights needed).
# Exits 2 when called wrongly, 3 with the reason where the program cannot be had here.
set -euo pipefail

if [ $# -ne 2 ]; then
  echo 'usage: debian_tool.sh PACKAGE PROGRAM' >&2
  exit 2
fi
package=$1
program=$2

if installed=$(command -v "$program"); then
  printf '%s\n' "$installed"
  exit 0
fi

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
home="$root/.cache/debian-tools"
unpacked="$home/$package/usr/bin/$program"
if [ -x "$unpacked" ]; then
  printf '%s\n' "$unpacked"
  exit 0
fi

if ! command -v apt-get >/dev/null || ! command -v dpkg-deb >/dev/null; then
  echo "$program is not installed, and this is no Debian from which the package $package could be unpacked" >&2
  exit 3
fi

mkdir -p "$home"
# Unpacked beside its place first: whoever else looks never finds half of it.
fresh=$(mktemp -d "$home/$package.XXXXXX")
trap 'rm -rf "$fresh"' EXIT
download() (cd "$fresh" && apt-get download "$package" >/dev/null 2>"$fresh/error")
# A machine that never fetched its package lists knows no package.
if ! download && ! { [ "$(id -u)" = 0 ] && apt-get update >/dev/null 2>&1 && download; }; then
  echo "$program is not installed, and Debian's package $package could not be downloaded: $(tail -n 1 "$fresh/error")" >&2
  exit 3
fi
dpkg-deb -x "$fresh"/*.deb "$fresh/root"
# Another call may have been quicker; then its copy is as good.
mv -T "$fresh/root" "$home/$package" 2>/dev/null || [ -d "$home/$package" ]
if [ ! -x "$unpacked" ]; then
  echo "Debian's package $package has no /usr/bin/$program" >&2
  exit 3
fi
printf '%s\n' "$unpacked"
