#!/usr/bin/env bash
# Starts llama-server on the CPU as the determinism tests want it: one slot, no continuous batching, metrics on. It stays in the
# foreground. The model is MODEL, or what fetch_model.sh brings.
#
#   start_llama_cpu.sh [MODEL] [-- MORE FLAGS OF llama-server]
#
# LLAMA_SERVER names the program (default: llama-server in PATH), LLAMA_HOST and LLAMA_PORT the address (127.0.0.1:8081).
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
server=${LLAMA_SERVER:-llama-server}
model=
if [ $# -gt 0 ] && [ "$1" != -- ]; then
  model=$1
  shift
fi
if [ $# -gt 0 ]; then
  if [ "$1" != -- ]; then
    echo 'usage: start_llama_cpu.sh [MODEL] [-- MORE FLAGS OF llama-server]' >&2
    exit 2
  fi
  shift
fi

if ! command -v "$server" >/dev/null; then
  echo "start_llama_cpu: $server was not found: install llama.cpp, or name the program by LLAMA_SERVER" >&2
  exit 3
fi
if [ -z "$model" ]; then model=$("$here/fetch_model.sh"); fi
if [ ! -f "$model" ]; then
  echo "start_llama_cpu: there is no model at $model" >&2
  exit 2
fi

exec "$server" --model "$model" --host "${LLAMA_HOST:-127.0.0.1}" --port "${LLAMA_PORT:-8081}" \
  --metrics --no-webui --parallel 1 --no-cont-batching --gpu-layers 0 "$@"
