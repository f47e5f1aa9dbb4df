#!/usr/bin/env bash
set -euo pipefail
here=$(dirname "$(realpath "$0")")
exec "$here/../venv.sh" "$here"
