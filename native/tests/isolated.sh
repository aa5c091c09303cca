#!/usr/bin/env bash
# isolated.sh PACKED LIBRARY PROGRAM: runs PROGRAM on PACKED/LIBRARY in an empty root that holds glibc and the packed files
# only. Exit code 77: this user may not change the root here.
set -euo pipefail

packed=$1
library=$2
program=$3

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

mkdir "$root/packed"
cp "$packed"/*.so* "$root/packed/"
cp "$program" "$root/program"

# glibc's own files, at the paths where this machine's loader looks for them.
libc=$(ldd "$program" | sed -n 's/^[[:space:]]*libc\.so\.6 => \([^ ]*\).*/\1/p')
loader=$(readelf -l "$program" | sed -n 's/.*program interpreter: \(.*\)\]/\1/p')
install -D "$loader" "$root$loader"
for name in libc.so.6 libm.so.6 libmvec.so.1 libpthread.so.0 libdl.so.2 librt.so.1; do
    file=$(dirname "$libc")/$name
    if [ -e "$file" ]; then install -D "$file" "$root$file"; fi
done

# Without arguments the program ends with 2, which tells that it could be started at all.
starts() {
    local status=0
    "$@" "$root" /program >/dev/null 2>&1 || status=$?
    [ "$status" = 2 ]
}

if starts chroot; then
    enter=(chroot)
elif starts unshare --user --map-root-user chroot; then
    enter=(unshare --user --map-root-user chroot)
else
    echo "Skipped: neither chroot nor a user namespace is permitted here."
    exit 77
fi
env -i "$(command -v "${enter[0]}")" "${enter[@]:1}" "$root" /program "/packed/$library"
