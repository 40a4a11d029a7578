#!/usr/bin/env bash
# Chooses versions anew from ../pyproject.toml; no index is written down, so any mirror of the package index will do.
set -euo pipefail
cd "$(dirname "$0")/.."
compile() { .venv/bin/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-annotate --no-header "$@"; }
.venv/bin/uv --version | cut -d' ' -f2 | xargs -I{} echo 'uv=={}' | compile - -o requirements/bootstrap.txt
compile --extra postgres --group build pyproject.toml -o requirements/run.txt
compile --extra postgres --group build --group test pyproject.toml -c requirements/run.txt -o requirements/test.txt
