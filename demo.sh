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
    printf '\n$ faissnet %s\n' "${*//"$work/"/}"
    dotnet "$cli" "$@"
}

case $data in
    *-10k) base=9,000 queries=1,000 lists=64 ;;
    *) base=60,000 queries=10,000 lists=256 ;;
esac

work=$root/out/demo
mkdir -p "$work"
cp -u "$data/base.idx" "$data/queries.idx" "$work/"

cat <<TEXT

MNIST: $base images to search in, $queries to search for, 784 dimensions each.
The index is IVF$lists,PQ56: $lists lists, and 56 bytes for a vector instead of 3136.
TEXT

faissnet build --input "$work/base.idx" --factory "IVF$lists,PQ56" --output "$work/mnist.faiss" --verify "$work/queries.idx"
faissnet truth --input "$work/base.idx" --queries "$work/queries.idx" --k 10 --output "$work/truth.ivecs"
faissnet eval --index "$work/mnist.faiss" --queries "$work/queries.idx" --truth "$work/truth.ivecs" --k 10 --nprobe 1,2,4,8,16,32
faissnet info --index "$work/mnist.faiss"

cat <<TEXT

The files are in out/demo. More: dotnet $cli --help
TEXT
