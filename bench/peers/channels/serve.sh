#!/usr/bin/env bash
# Usage: serve.sh daphne|uvicorn
set -euo pipefail
cd "$(dirname "$(realpath "$0")")"
ulimit -n "$(ulimit -H -n)"
case ${1:-} in
    # Daphne offers no permessage-deflate, and logs requests where it is more verbose than this.
    daphne) exec .venv/bin/daphne -b 127.0.0.1 -p "$PORT" -v 0 asgi:application ;;
    uvicorn) exec .venv/bin/uvicorn asgi:application --host 127.0.0.1 --port "$PORT" --loop uvloop --http httptools \
        --ws-per-message-deflate false --no-access-log --log-level warning ;;
    *) echo "usage: serve.sh daphne|uvicorn" >&2; exit 2 ;;
esac
