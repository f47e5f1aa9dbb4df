#!/usr/bin/env bash
# Usage: serve.sh bare|bare-fastest|echo
set -euo pipefail
cd "$(dirname "$(realpath "$0")")"
ulimit -n "$(ulimit -H -n)"
case ${1:-} in
    bare | bare-fastest | echo) exec "target/release/$1" ;;
    *) echo "usage: serve.sh bare|bare-fastest|echo" >&2; exit 2 ;;
esac
