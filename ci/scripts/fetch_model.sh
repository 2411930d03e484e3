#!/usr/bin/env bash
# Puts a model into ~/.cache/models (or MODEL_CACHE), checked against its SHA-256, and prints its path; a copy that is there and
# whole is not downloaded again. Without arguments: Qwen2.5-0.5B-Instruct Q4_K_M, and where that cannot be had TinyLlama 1.1B.
#
#   fetch_model.sh [REPOSITORY REVISION FILE SHA256]
#
# HF_ENDPOINT names a mirror. The hub client (`hf` or `huggingface-cli`) is used where it is installed, else curl or wget.
# Exits 2 when called wrongly, 3 where nothing could be downloaded, 4 where what came is not what was asked for.
set -euo pipefail

cache=${MODEL_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/models}
endpoint=${HF_ENDPOINT:-https://huggingface.co}

say() { printf 'fetch_model: %s\n' "$*" >&2; }

sha256_of() {
  if command -v sha256sum >/dev/null; then sha256sum "$1"; else shasum -a 256 "$1"; fi | cut -c 1-64
}

# download REPOSITORY REVISION FILE FOLDER
download() {
  local repository=$1 revision=$2 file=$3 folder=$4 client
  for client in hf huggingface-cli; do
    if command -v "$client" >/dev/null; then
      # Quicker where the Rust transfer is installed; the client says so itself where it is not.
      HF_HUB_ENABLE_HF_TRANSFER=1 HF_ENDPOINT=$endpoint "$client" download "$repository" "$file" \
        --revision "$revision" --local-dir "$folder" >&2
      return
    fi
  done
  local url="$endpoint/$repository/resolve/$revision/$file"
  if command -v curl >/dev/null; then
    curl --fail --location --silent --show-error --retry 2 --connect-timeout 15 --output "$folder/$file" "$url" >&2
  elif command -v wget >/dev/null; then
    wget --quiet --tries=3 --timeout=15 --output-document="$folder/$file" "$url" >&2
  else
    say 'neither the hub client nor curl nor wget is installed'
    return 1
  fi
}

# fetch REPOSITORY REVISION FILE SHA256: prints the path; 3 = could not be had, 4 = not what was asked for.
fetch() {
  local repository=$1 revision=$2 file=$3 digest=$4 found
  local target="$cache/$file"
  if [ -f "$target" ]; then
    found=$(sha256_of "$target")
    if [ "$found" = "$digest" ]; then
      printf '%s\n' "$target"
      return 0
    fi
    say "$target is not whole (SHA-256 $found, expected $digest): downloading it again"
  fi
  mkdir -p "$cache"
  local fresh
  fresh=$(mktemp -d "$cache/.fetch.XXXXXX")
  say "downloading $repository $file"
  if ! download "$repository" "$revision" "$file" "$fresh"; then
    rm -rf "$fresh"
    say "$endpoint/$repository could not be downloaded. Offline? Put the file at $target by hand, or name a mirror by HF_ENDPOINT."
    return 3
  fi
  found=$(sha256_of "$fresh/$file")
  if [ "$found" != "$digest" ]; then
    rm -rf "$fresh"
    say "$file has the SHA-256 $found, expected $digest: not used"
    return 4
  fi
  mv -f "$fresh/$file" "$target"
  rm -rf "$fresh"
  printf '%s\n' "$target"
}

case $# in
  4) fetch "$@" ;;
  0)
    fetch Qwen/Qwen2.5-0.5B-Instruct-GGUF 9217f5db79a29953eb74d5343926648285ec7e67 \
      qwen2.5-0.5b-instruct-q4_k_m.gguf 74a4da8c9fdbcd15bd1f6d01d621410d31c6fc00986f5eb687824e7b93d7a9db ||
      fetch TheBloke/TinyLlama-1.1B-Chat-v1.0-GGUF 52e7645ba7c309695bec7ac98f4f005b139cf465 \
        tinyllama-1.1b-chat-v1.0.Q4_K_M.gguf 9fecc3b3cd76bba89d504f29b616eedf7da85b96540e490ca5824d3f7d2776a0
    ;;
  *)
    echo 'usage: fetch_model.sh [REPOSITORY REVISION FILE SHA256]' >&2
    exit 2
    ;;
esac
