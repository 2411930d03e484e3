#!/usr/bin/env bash
# The same as `pnpm xtask linkcheck`, for pipelines that call scripts.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
PATH="$PWD/node_modules/.bin:$PATH" exec node tools/xtask/src/main.ts linkcheck "$@"
