#!/usr/bin/env bash
# build-native.sh [--asan | --gpu] [--benchmarks]: builds the native library into out/native and prints the build folder.
#
# FAISS comes from the first of these that applies:
#   FAISSNET_FAISS_SOURCE=TREE   a source tree of FAISS, built into the cache
#   faiss_ROOT=PREFIX            a FAISS that is installed there
#   VCPKG_ROOT, or vcpkg on PATH vcpkg builds it
#   Debian, Ubuntu               the distribution's source package, built into the cache
# The cache is FAISSNET_CACHE, or faissnet in XDG_CACHE_HOME or ~/.cache.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

asan=false gpu=false benchmarks=false options=()
for argument in "$@"; do
    case $argument in
        --asan) asan=true ;;
        --gpu) gpu=true ;;
        --benchmarks) benchmarks=true ;;
        *) fail "'$argument' is not known; build-native.sh takes --asan, --gpu and --benchmarks." ;;
    esac
done

if [ -z "${VCPKG_ROOT:-}" ] && command -v vcpkg >/dev/null; then
    VCPKG_ROOT=$(dirname "$(readlink -f "$(command -v vcpkg)")")
fi

preset=prefix
from_source=()
if $gpu; then from_source=(--gpu); fi
if [ -n "${FAISSNET_FAISS_SOURCE:-}" ]; then
    say "FAISS: the source tree in FAISSNET_FAISS_SOURCE, $FAISSNET_FAISS_SOURCE"
    faiss=$("$root/eng/build-faiss.sh" "${from_source[@]}" "$FAISSNET_FAISS_SOURCE")
elif [ -n "${faiss_ROOT:-}" ]; then
    [ -d "$faiss_ROOT" ] || fail "faiss_ROOT is $faiss_ROOT, which is no folder."
    say "FAISS: the prefix in faiss_ROOT, $faiss_ROOT"
    faiss=$faiss_ROOT
elif [ -e "${VCPKG_ROOT:-}/scripts/buildsystems/vcpkg.cmake" ]; then
    say "FAISS: vcpkg in $VCPKG_ROOT"
    export VCPKG_ROOT
    preset=vcpkg
    if $gpu; then preset=vcpkg-gpu; fi
    triplet=x64-linux-faissnet
    if [ "$(rid)" = linux-arm64 ]; then triplet=arm64-linux-faissnet; fi
    if $gpu; then triplet+=-gpu; fi
    # The same for what runs while building: OpenBLAS needs an OpenBLAS of the host, which is then itself and not built twice.
    options+=("-DVCPKG_TARGET_TRIPLET=$triplet" "-DVCPKG_HOST_TRIPLET=$triplet")
    # The sanitized shim links the FAISS that the main build had vcpkg install.
    faiss=$root/build/vcpkg/vcpkg_installed/$triplet
    if $asan && [ ! -d "$faiss" ]; then "$root/eng/build-native.sh" >/dev/null; fi
elif is_debian_like; then
    say "FAISS: the source package of this distribution"
    faiss=$("$root/eng/build-faiss.sh" "${from_source[@]}")
else
    fail "no way to FAISS: set VCPKG_ROOT, faiss_ROOT (a prefix) or FAISSNET_FAISS_SOURCE (a source tree)."
fi
if $asan; then preset=asan; fi
case $preset in prefix | asan) options+=("-Dfaiss_ROOT=$faiss") ;; esac
if $gpu; then options+=(-DFAISSNET_ENABLE_GPU=ON); fi

# vcpkg brings what else its ports need, but for this.
case $preset in vcpkg*) need_build_tools pkg-config:pkg-config ;; *) need_build_tools ;; esac

# Another FAISS or another compiler starts afresh; otherwise ninja itself notices what changed.
build=$root/build/$preset
output=$root/out/native/$(rid)
settings="${options[*]} $(command -v c++)"
# Which build the output is from: another FAISS may have had libraries that this one has not.
installed=$root/build/installed-from
configure() { cd "$root" && cmake --preset "$preset" "${options[@]}" "$@"; }

# One build at a time: demo.sh and test.sh may run side by side.
exec 9>"$logs/$preset.lock"
flock 9

if [ ! -e "$build/build.ninja" ] || [ "$(cat "$build/settings" 2>/dev/null)" != "$settings" ]; then
    step "configure-$preset" "Configuring the native library ($preset)" configure --fresh
    if ! $asan; then rm -f "$installed"; fi
    printf '%s' "$settings" >"$build/settings"
fi
if $benchmarks && ! grep -q 'FAISSNET_BUILD_BENCHMARKS:BOOL=ON' "$build/CMakeCache.txt"; then
    step "configure-$preset" "Adding the benchmarks' C++ program" configure -DFAISSNET_BUILD_BENCHMARKS=ON
fi

verb=Building
if [ -e "$build/libfaissnet.so" ]; then verb=Updating; fi
step "build-$preset" "$verb the native library ($preset)" cmake --build "$build" --parallel "$(parallel_jobs)"
if ! $asan; then
    if [ "$(cat "$installed" 2>/dev/null)" != "$build" ]; then rm -rf "$output"; fi
    cmake --install "$build" --component native --prefix "$output" >"$logs/install.log" 2>&1 ||
        fail "the native library could not be copied to $output; see $logs/install.log"
    printf '%s' "$build" >"$installed"
fi
echo "$build"
