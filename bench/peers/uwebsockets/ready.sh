#!/usr/bin/env bash
# Compiles the server with the sources that come with two crates, by the flags of uWebSockets' own makefiles.
set -euo pipefail
cd "$(dirname "$(realpath "$0")")"
made_of=$(cat Cargo.lock ready.sh server.cpp | sha256sum)
[[ $made_of == "$(cat built/made-of 2>/dev/null)" ]] && exit

folder() { dirname "$(cargo metadata --format-version 1 --locked | grep -o "[^\"]*/$1-[^/\"]*/Cargo.toml" | head -n 1)"; }
uws=$(folder libuwebsockets-sys)/uWebSockets
simdjson=$(folder simdjson-sys)/vendor/simdjson
rm -rf built
mkdir built
cd built
# The warning is about upstream's code.
flags=(-O3 -march=native -flto=auto -Wno-stringop-overflow -DLIBUS_NO_SSL -DUWS_NO_ZLIB)
cc "${flags[@]}" -std=c11 -D_GNU_SOURCE -I"$uws/uSockets/src" -c "$uws"/uSockets/src/*.c "$uws"/uSockets/src/eventing/epoll_kqueue.c
c++ "${flags[@]}" -std=c++20 -I"$uws/src" -I"$uws/uSockets/src" -I"$simdjson" ../server.cpp "$simdjson/simdjson.cpp" ./*.o -o server
echo "$made_of" > made-of
