#!/usr/bin/env bash
# measure-gpu.sh [OPTION…]: on a machine with a CUDA device and the CUDA toolkit: builds the native library with its GPU part, runs the
# GPU tests in C and in .NET, and measures IVFPQ on the device. OPTION: what the benchmark takes, as --vectors N and --rounds N.
# Which FAISS is built, build-native.sh says. The tables come on stdout; the same as JSON is in out/benchmarks/gpu.json.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
cd "$root"

# The tests would be skipped without a device, and nothing be said.
command -v nvidia-smi >/dev/null || fail "nvidia-smi was not found: the driver of a CUDA device is needed."
nvidia-smi -L >&2 || fail "nvidia-smi sees no CUDA device."
need_dotnet

build=$(eng/build-native.sh --gpu --benchmarks)
eng/fetch-mnist.sh >&2
step gpu-ctest "Running the GPU tests in C" ctest --test-dir "$build" --output-on-failure --no-tests=error --timeout 600 -R '\.gpu\.'
tail -n 4 "$logs/gpu-ctest.log" >&2
step gpu-dotnet "Running the GPU tests in .NET" \
    dotnet test tests/FaissNet.Tests -c Release --nologo --filter 'FullyQualifiedName~FaissNet.Tests.Gpu'
tail -n 2 "$logs/gpu-dotnet.log" >&2

mkdir -p out/benchmarks
dotnet run -c Release --project tests/FaissNet.Benchmarks -- gpu --json out/benchmarks/gpu.json "$@"
