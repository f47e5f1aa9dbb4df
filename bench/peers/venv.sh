#!/usr/bin/env bash
# Makes FOLDER/.venv of FOLDER/requirements.txt; quick where it is that already.
# Usage: venv.sh FOLDER      PYTHON=… says which interpreter.
set -euo pipefail
cd "$1"
cmp -s requirements.txt .venv/made-of && exit

# One version for all, as what is pinned was resolved for it, and one interpreter is not as fast as the next.
wanted=3.13
for python in "${PYTHON:-}" python$wanted python3 "${PYENV_ROOT:-$HOME/.pyenv}"/versions/$wanted.*/bin/python; do
    [[ -n $python && $("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null) == "$wanted" ]] && break
    python=
done
[[ -n $python ]] || { echo "needs Python $wanted, on the PATH, from pyenv or as PYTHON=…" >&2; exit 1; }

rm -rf .venv
"$python" -m venv .venv
.venv/bin/pip install --quiet --disable-pip-version-check --no-deps --requirement requirements.txt
.venv/bin/pip check --quiet --disable-pip-version-check
cp requirements.txt .venv/made-of
