#!/bin/bash
# Unpacks Python 2.7 of Debian 11 into the folder $1, for a Debian 12 that has none. Nothing is installed: apt works on
# lists of its own, and what it fetches is checked by the archive's keys as ever.
set -euo pipefail

packages="python2.7 python2.7-minimal libpython2.7 libpython2.7-minimal libpython2.7-stdlib
  python2.7-dev libpython2.7-dev libffi7 libssl1.1"

mkdir -p "$1/apt/lists/partial" "$1/apt/cache/archives/partial"
cd "$1"

archive=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Codename: bookworm' | head -n 1)
[ -n "$archive" ] || { echo "this machine has no Debian 12 archive in its apt sources" >&2; exit 1; }
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $archive bullseye main" >apt/sources.list

options=(-o "Dir::State::lists=$PWD/apt/lists" -o "Dir::Cache=$PWD/apt/cache" -o "Dir::Etc::sourceparts=/dev/null"
  -o "Dir::Etc::sourcelist=$PWD/apt/sources.list" -o APT::Sandbox::User=root)
apt-get "${options[@]}" update
# shellcheck disable=SC2086 # a list of words
(cd apt && apt-get "${options[@]}" download $packages)
for package in apt/*.deb; do dpkg-deb -x "$package" .; done
rm -rf apt

# Its libraries are not where the loader looks, so it is started through this.
cat >python2.7 <<EOF
#!/bin/sh
LD_LIBRARY_PATH=$PWD/usr/lib/$(uname -m)-linux-gnu exec $PWD/usr/bin/python2.7 "\$@"
EOF
chmod +x python2.7
