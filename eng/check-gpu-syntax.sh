#!/usr/bin/env bash
# check-gpu-syntax.sh CUDA_INCLUDE FAISS...: whether the GPU parts of the shim and of the benchmarks' C++ program compile, without a
# device, nvcc or a FAISS that was built. CUDA_INCLUDE: the folder with cuda_runtime.h and cublas_v2.h; FAISS: source trees (or include folders) of FAISS.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

[ $# -ge 2 ] || fail "usage: check-gpu-syntax.sh CUDA_INCLUDE FAISS..."
cuda=$1
shift
[ -e "$cuda/cuda_runtime.h" ] && [ -e "$cuda/cublas_v2.h" ] || fail "$cuda holds no cuda_runtime.h and cublas_v2.h."

status=0
for faiss in "$@"; do
    [ -e "$faiss/faiss/gpu/GpuIndex.h" ] || fail "$faiss holds no faiss/gpu/GpuIndex.h."
    for source in "$root"/native/src/gpu_*.cpp "$root"/tests/FaissNet.Benchmarks/peer/*.cpp; do
        "${CXX:-c++}" -fsyntax-only -std=c++17 -Wall -Wextra -Werror -fopenmp -DFAISSNET_BUILD=1 -DFAISSNET_ENABLE_GPU=1 \
            "-I$root/native/include" "-I$root/native/src" -isystem "$faiss" -isystem "$cuda" "$source" || status=1
    done
    say "$faiss: $([ $status = 0 ] && echo "compiles" || echo "does not compile")"
done
exit $status
