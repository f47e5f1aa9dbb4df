#!/usr/bin/env bash
set -euo pipefail
cd "$(dirname "$(realpath "$0")")"
exec cargo build --quiet --release --locked
