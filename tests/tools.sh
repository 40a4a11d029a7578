#!/usr/bin/env bash
# What the tests need beyond Python packages: a Chromium. Installed if possible, else named.
set -euo pipefail
if command -v chromium >/dev/null || [ -n "${SEUIL_CHROMIUM:-}" ]; then
    exit 0
fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "Installing Chromium for the browser test…"
    (apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium) >/dev/null
else
    echo "The browser test needs Chromium: sudo apt-get install chromium (or set SEUIL_CHROMIUM to one)." >&2
    exit 1
fi
