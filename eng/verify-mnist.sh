#!/usr/bin/env bash
# verify-mnist.sh [DESCRIPTION…]: has FAISS build an index of every type that the managed engine has, on MNIST, and `faissnet verify`
# compare both engines' answers. Prints one line per index; the exit code is 0 if all agree.
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

# Every word that the managed engine's factory knows stands in at least one of them, but for IDMap, which needs ids that a vector file has not.
# FAISS 1.7.3 makes no IVFPQ of more than 8 bits, and knows neither IVF1k nor IVF256_Flat. A refined search differs where two codes tie for the
# last place among those that are refined.
descriptions=("$@")
if [ $# = 0 ]; then
    descriptions=(
        Flat SQ8 SQ6 SQ4 SQfp16 PQ28np PQ16x4np PQ16x6np PQ28x4fs
        IVF256,Flat 'IVF256(Flat),Flat' IVF256,SQ8 IVF256,SQ6 IVF256,SQ4 IVF256,SQfp16
        IVF256,PQ56np IVF256,PQ28x4np IVF256,PQ28x5np IVF256,PQ16x6np
        IVF256,PQ112x4fs IVF256,PQ56x4fsr IVF256,PQ56x4fs_64
        PCA64,IVF256,Flat PCAR64,IVF256,PQ16np PCAW64,Flat PCAWR64,Flat RR112,IVF256,SQ8 ITQ64,Flat Pad800,IVF256,PQ50np
        OPQ28_56,IVF256,PQ28np PCA64,OPQ16,IVF256,PQ16x4fs L2norm,IVF256,Flat
        IVF256,PQ28np,RFlat IVF256,PQ56x4fs,RFlat 'IVF256,PQ28np,Refine(SQ8)'
        PCA64,IVF256,PQ16np,RFlat 'PCA64,IVF256,PQ16x4fs,Refine(SQfp16)')
fi

data=$("$root/eng/fetch-mnist.sh") || exit 1
cli=$root/src/FaissNet.Cli/bin/Release/net10.0/FaissNet.Cli.dll
[ -e "$cli" ] || step cli "Building the faissnet command" dotnet build "$root/src/FaissNet.Cli" -c Release --nologo
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Exhaustive search of 60,000 codes for 10,000 queries takes minutes and shows nothing more: the first 200 of an .idx file.
few=$work/few.idx
{ printf '\0\0\10\3\0\0\0\310\0\0\0\34\0\0\0\34'; tail -c +17 "$data/queries.idx" | head -c 156800; } >"$few"

number() { sed -n "s/.*\"$1\":\([^,}]*\).*/\1/p" "$work/report.json" | head -n 1; }

status=0
printf '%-34s %-6s %8s %8s %8s %9s %12s  %s\n' index metric queries 'same ids' ties different 'largest diff' verdict
for description in "${descriptions[@]}"; do
    for metric in l2 ip; do
        queries=$few
        case $description in *IVF*) queries=$data/queries.idx ;; esac
        nprobe=()
        case $description in *IVF*) nprobe=(--nprobe 8) ;; esac
        if ! dotnet "$cli" build --engine native --input "$data/base.idx" --factory "$description" --metric "$metric" --train-size 20000 \
            --output "$work/index" --json >"$work/build.json" 2>"$work/errors"; then
            printf '%-34s %-6s %s\n' "$description" "$metric" "not built: $(tail -n 1 "$work/errors")"
            status=1
            continue
        fi
        dotnet "$cli" verify --index "$work/index" --queries "$queries" --k 10 "${nprobe[@]}" --json >"$work/report.json" 2>"$work/errors"
        case $? in
            0) verdict=agree ;;
            *) verdict=DIFFER status=1 ;;
        esac
        if [ "$(number nativeRounds)" = true ]; then verdict+=", $(number overlap | cut -c 1-5) of the ids in common (FAISS rounds)"; fi
        printf '%-34s %-6s %8s %8s %8s %9s %12.1e  %s\n' "$description" "$metric" "$(number queries | grep -o '[0-9]*$')" \
            "$(number sameIds)" "$(number sameButTies)" "$(number different)" "$(number largestDifference)" "$verdict"
    done
done
exit $status
