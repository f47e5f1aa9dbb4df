#!/usr/bin/env bash
set -euo pipefail
cd "$(dirname "$(realpath "$0")")"
ulimit -n "$(ulimit -H -n)"
exec built/server
