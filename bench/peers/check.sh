#!/usr/bin/env bash
# Plays the dialects against the contenders; see check.py. Speaks WebSocket by the library of one of them.
set -euo pipefail
here=$(dirname "$(realpath "$0")")
"$here/websockets/ready.sh"
ulimit -n "$(ulimit -H -n)"
# -P: the folders beside the script are named as the libraries are.
exec "$here/websockets/.venv/bin/python" -P "$here/check.py" "$@"
