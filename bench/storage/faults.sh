#!/usr/bin/env bash
# What each store does when the disk is full, when it fails, and when two processes open it.
# Needs root (it mounts small file systems), strace, and the release build.
# Usage: faults.sh PROGRAM SCRATCH_DIRECTORY [STORE...]
set -u
export RUST_BACKTRACE=0
program=$(realpath "$1")
scratch=$2
shift 2
stores=${*:-redb redb-quick fjall sqlite lmdb}
mkdir -p "$scratch"
scratch=$(realpath "$scratch")
mount=$scratch/mount

try() { timeout 120 "$@" 2>&1 || echo "(ended with $?)"; }

# An ext4 of SIZE MiB in a file. `ballast` takes 8 MiB of it.
small_disk() {
    umount -q "$mount" 2>/dev/null
    rm -rf "$scratch/image" "$mount"
    mkdir -p "$mount"
    truncate -s "${1}M" "$scratch/image"
    mkfs.ext4 -q -m 0 "$scratch/image"
    mount -o loop "$scratch/image" "$mount"
    fallocate -l 8M "$mount/ballast"
}

fresh() { rm -rf "$scratch/store" "$scratch/ledger"; mkdir -p "$scratch/store"; }

for store in $stores; do
    echo "== $store: a full disk"
    small_disk 48
    try "$program" provoke "$store" "$mount/store" "$scratch/ledger"
    echo "-- opened again"
    try "$program" check "$store" "$mount/store" "$scratch/ledger"

    echo "== $store: a full disk that stays full"
    small_disk 48
    mv "$mount/ballast" "$mount/kept"
    try "$program" provoke "$store" "$mount/store" "$scratch/ledger"
    echo "-- opened again, still full"
    try "$program" check "$store" "$mount/store" "$scratch/ledger"
    echo "-- opened again with room"
    rm -f "$mount/kept"
    try "$program" check "$store" "$mount/store" "$scratch/ledger"
    umount "$mount"

    for when in 40 40+; do
        echo "== $store: a sync fails ($when)"
        fresh
        try strace -f -qq -o /dev/null -e trace=fsync,fdatasync,msync,sync_file_range \
            -e inject=fsync,fdatasync,msync,sync_file_range:error=EIO:when=$when \
            "$program" provoke "$store" "$scratch/store" "$scratch/ledger"
        echo "-- opened again"
        try "$program" check "$store" "$scratch/store" "$scratch/ledger"
    done

    echo "== $store: two processes"
    fresh
    try "$program" second "$store" "$scratch/store"
done
rm -rf "$scratch/image" "$mount" "$scratch/store" "$scratch/ledger"
