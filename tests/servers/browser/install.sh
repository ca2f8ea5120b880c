#!/usr/bin/env bash
# A Chromium for the tests of pages, by the machine's own packages where there is none yet.
set -euo pipefail
for name in chromium chromium-browser google-chrome google-chrome-stable; do
  if command -v "$name" >/dev/null; then exit 0; fi
done
if ! command -v apt-get >/dev/null; then
  echo "Chromium is not installed, and there is no apt-get to install it with: the tests of pages are skipped" >&2
  exit 0
fi
become=()
if [ "$(id -u)" != 0 ]; then become=(sudo); fi
"${become[@]}" apt-get update -qq
"${become[@]}" apt-get install -qq --yes --no-install-recommends chromium
