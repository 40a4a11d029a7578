#!/usr/bin/env bash
# Makes the environment: environment.sh PYTHON FOLDER run|test. From locked versions with hashes, byte-compiled.
set -euo pipefail
python=${1:-} venv=$2 set=$3
here=$(cd "$(dirname "$0")" && pwd)
if [ -z "$python" ] || ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    echo "Python 3.11 or later is needed: apt-get install python3 python3-venv" >&2
    exit 1
fi
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    echo "Python's venv is missing: apt-get install python3-venv" >&2
    exit 1
fi
[ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
[ -x "$venv/bin/uv" ] || "$venv/bin/pip" install -q --disable-pip-version-check --require-hashes -r "$here/bootstrap.txt"
# The mirrors a machine's pip is told of are uv's too.
index=$("$venv/bin/pip" config get global.index-url 2>/dev/null || true)
[ -z "$index" ] || export UV_DEFAULT_INDEX="${UV_DEFAULT_INDEX:-$index}"
export UV_COMPILE_BYTECODE=1
"$venv/bin/uv" pip install -q --python "$venv/bin/python" --require-hashes -r "$here/$set.txt"
"$venv/bin/uv" pip install -q --python "$venv/bin/python" --no-deps --no-build-isolation -e "$here/.."
echo "The environment is ready: $venv ($set)."
