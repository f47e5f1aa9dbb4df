#!/usr/bin/env bash
# Node itself comes from the registry too, so that one version is measured everywhere.
set -euo pipefail
cd "$(dirname "$(realpath "$0")")"
cmp -s package-lock.json node_modules/made-of && exit
npm ci --no-audit --no-fund --loglevel=error
cp package-lock.json node_modules/made-of
