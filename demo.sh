#!/usr/bin/env bash
# FAISS's IVFPQ, driven from C#, on MNIST: builds an index, measures recall and speed, saves it and loads it again.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
. eng/common.sh

need_dotnet
eng/build-native.sh >/dev/null
data=$(eng/fetch-mnist.sh)

# dotnet's own check whether anything changed takes longer than the first real work.
cli=src/FaissNet.Cli/bin/Release/net10.0/FaissNet.Cli.dll
newer() { find src out/native Directory.* global.json -newer "$1" -type f -not -path '*/obj/*' -not -path '*/bin/*' -print -quit; }
if [ ! -e "$cli" ] || [ -n "$(newer "$cli")" ]; then
    step cli "Building the faissnet command" dotnet build src/FaissNet.Cli -c Release --nologo
    touch "$cli"
fi
faissnet() {
    local line="$*"
    line=${line//"$work/"/}
    printf '\n$ faissnet %s\n' "${line//"$data/"/}"
    dotnet "$cli" "$@"
}

case $data in
    *-10k) base=9,000 queries=1,000 lists=64 ;;
    *) base=60,000 queries=10,000 lists=256 ;;
esac

work=$root/out/demo
mkdir -p "$work"

cat <<TEXT

MNIST: $base images to search in, $queries to search for, 784 dimensions each.
The index is IVF$lists,PQ56np: $lists lists, and 56 bytes for a vector instead of 3136.
TEXT

faissnet build --input "$data/base.idx" --factory "IVF$lists,PQ56np" --output "$work/mnist.faiss" --verify "$data/queries.idx"
faissnet truth --input "$data/base.idx" --queries "$data/queries.idx" --k 10 --output "$work/truth.ivecs"
faissnet eval --index "$work/mnist.faiss" --queries "$data/queries.idx" --truth "$work/truth.ivecs" --k 10 --nprobe 1,2,4,8,16,32
faissnet info --index "$work/mnist.faiss"

cat <<TEXT

The index is out/demo/mnist.faiss; Python's faiss reads it as well. More commands: dotnet $cli --help
TEXT
