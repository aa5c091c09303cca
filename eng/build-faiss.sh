#!/usr/bin/env bash
# build-faiss.sh [--gpu] [SOURCE]: builds FAISS into the cache and prints the prefix. Without SOURCE it is the source package of this
# Debian or Ubuntu. What is in the cache already is not built again. --gpu: with FAISS's GPU part, for which the CUDA toolkit must be there.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

gpu=OFF
if [ "${1:-}" = --gpu ]; then
    gpu=ON
    shift
    command -v nvcc >/dev/null || [ -n "${CUDACXX:-}" ] ||
        fail "nvcc is not on PATH: FAISS's GPU part needs the CUDA toolkit (or CUDACXX=/path/to/nvcc)."
fi
source_tree=${1:-}
if [ -n "$source_tree" ] && [ ! -e "$source_tree/faiss/Index.h" ]; then
    fail "$source_tree is no FAISS source tree: it has no faiss/Index.h."
fi

# dpkg-dev unpacks the source package.
if is_debian_like; then need_build_tools libopenblas-openmp-dev dpkg-dev; else need_build_tools; fi

flags=(
    -DCMAKE_BUILD_TYPE=Release -DBUILD_SHARED_LIBS=OFF -DCMAKE_POSITION_INDEPENDENT_CODE=ON -DCMAKE_INSTALL_LIBDIR=lib
    -DFAISS_ENABLE_GPU=$gpu -DFAISS_ENABLE_PYTHON=OFF -DFAISS_ENABLE_C_API=OFF -DFAISS_ENABLE_EXTRAS=OFF -DBUILD_TESTING=OFF
    -DFAISS_ENABLE_MKL=OFF -DCMAKE_DISABLE_FIND_PACKAGE_MKL=ON)
# Machine code for each generation of devices that the toolkit knows, not just for the one in this machine.
if [ $gpu = ON ]; then flags+=("-DCMAKE_CUDA_ARCHITECTURES=${CUDAARCHS:-all-major}"); fi
if is_debian_like; then
    # OpenBLAS with OpenMP's threads, which it then shares with FAISS; static, so that users need no package.
    blas=$(dpkg -L libopenblas-openmp-dev | grep '/libopenblas\.a$' | head -n 1)
    flags+=("-DBLAS_LIBRARIES=$blas" "-DLAPACK_LIBRARIES=$blas")
fi

# The same flags and the same compiler make the same library.
recipe=$(printf '%s\n' "${flags[@]}" "$(uname -m)" "$(c++ --version | head -n 1)" | sha256sum | head -c 12)

version_of() {
    local part
    for part in MAJOR MINOR PATCH; do
        sed -n "s/^#define FAISS_VERSION_$part \([0-9]*\).*/\1/p" "$1/faiss/Index.h"
    done | paste -sd.
}

if [ -n "$source_tree" ]; then
    content=$(cd "$source_tree" && find CMakeLists.txt cmake faiss -type f -print0 | sort -z | xargs -0 sha256sum | sha256sum | head -c 12)
    prefix=$cache/faiss-$(version_of "$source_tree")-$content-$recipe
else
    is_debian_like || fail "FAISS's source package is only known for Debian and Ubuntu; give a prefix in faiss_ROOT, or set VCPKG_ROOT."
    # shellcheck source=/dev/null
    distribution=$(. /etc/os-release && echo "${ID:-linux}-${VERSION_CODENAME:-${VERSION_ID:-rolling}}")
    prefix=$cache/faiss-$distribution-$recipe
fi

if [ -e "$prefix/lib/libfaiss.a" ]; then
    echo "$prefix"
    exit
fi

# Built aside and moved into place at the end: an interrupted build leaves no half prefix.
mkdir -p "$cache"
work=$(mktemp -d "$cache/.build-XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP

if [ -z "$source_tree" ]; then
    step faiss-source "Fetching the source package of FAISS" "$root/eng/fetch-faiss-source.sh" "$work/source"
    source_tree=$(echo "$work"/source/faiss-*/)
    source_tree=${source_tree%/}
fi
version=$(version_of "$source_tree")

# Before 1.14 each instruction set is a library of its own; since then one library can hold them all.
if [ "$(printf '1.14\n%s\n' "$version" | sort -V | head -n 1)" = 1.14 ]; then
    level=dd targets=(faiss) text="all instruction sets in one library"
elif [ "$(uname -m)" = x86_64 ]; then
    level=avx2 targets=(faiss faiss_avx2) text="generic and AVX2"
else
    level=generic targets=(faiss) text="generic"
fi

build() {
    cmake -S "$source_tree" -B "$work/build" -G Ninja "${flags[@]}" "-DFAISS_OPT_LEVEL=$level" \
        "-DCMAKE_CXX_FLAGS=-ffile-prefix-map=$source_tree=." &&
    cmake --build "$work/build" --parallel "$(parallel_jobs)" --target "${targets[@]}" &&
    cmake --install "$work/build" --prefix "$work/prefix"
}
step faiss-build "Building FAISS $version ($text; once, a few minutes)" build

mv -T "$work/prefix" "$prefix" 2>/dev/null || [ -e "$prefix/lib/libfaiss.a" ] || fail "$prefix could not be written."
echo "$prefix"
