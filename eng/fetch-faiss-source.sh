#!/usr/bin/env bash
# fetch-faiss-source.sh FOLDER: unpacks this distribution's FAISS source package there. The deb-src entries are derived from the
# machine's own deb entries and used from a temporary folder; the machine's configuration stays as it is.
set -euo pipefail

folder=$1
apt=$(mktemp -d)
trap 'rm -rf "$apt"' EXIT
mkdir -p "$folder" "$apt/parts" "$apt/lists/partial" "$apt/archives/partial"

eval "$(apt-config shell list Dir::Etc::sourcelist/f parts Dir::Etc::sourceparts/d)"
# shellcheck source=/dev/null
codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")

# Only the distribution's own suites and free components; other repositories may have no sources, and are not asked.
own='function own(suite) { return suite ~ "^(" codename "|stable|testing|unstable|sid|oldstable)([-/].*)?$" }
     function free(component) { return component == "main" || component == "universe" }'

# deb [options] uri suite component…
shopt -s nullglob
for file in "$list" "$parts"*.list; do
    [ -e "$file" ] || continue
    awk -v codename="${codename:-none}" "$own"'
        $1 == "deb" {
            sub(/[[:space:]]*#.*/, "")
            options = ""
            line = $0
            sub(/^[[:space:]]*deb[[:space:]]+/, "", line)
            if (match(line, /^\[[^]]*\][[:space:]]*/)) {
                options = substr(line, 1, RLENGTH)
                line = substr(line, RLENGTH + 1)
                gsub(/arch[+-]?=[^] ]*/, "", options)
            }
            count = split(line, word, /[[:space:]]+/)
            components = ""
            for (i = 3; i <= count; i++) if (free(word[i])) components = components " " word[i]
            if (own(word[2]) && components != "" && word[1] !~ /^cdrom:/)
                print "deb-src " options word[1] " " word[2] components
        }' "$file"
done >"$apt/sources.list"

# deb822 stanzas: everything is kept (keys may be written in them) but the types, suites, components and architectures.
for file in "$parts"*.sources; do
    awk -v codename="${codename:-none}" "$own"'
        function flush(   i, n, word, kept) {
            n = split(value["suites"], word, /[[:space:]]+/)
            kept = ""
            for (i = 1; i <= n; i++) if (own(word[i])) kept = kept " " word[i]
            suites = kept
            n = split(value["components"], word, /[[:space:]]+/)
            kept = ""
            for (i = 1; i <= n; i++) if (free(word[i])) kept = kept " " word[i]
            if (text != "" && (" " value["types"] " ") ~ / deb / && suites != "" && kept != "" && tolower(value["enabled"]) !~ /no|false|0|off/)
                printf "Types: deb-src\nSuites:%s\nComponents:%s\n%s\n", suites, kept, text
            text = ""
            split("", value)
        }
        /^#/ { next }
        /^[[:space:]]*$/ { flush(); next }
        /^[^[:space:]]/ {
            field = tolower($0)
            sub(/:.*/, "", field)
            content = $0
            sub(/^[^:]*:[[:space:]]*/, "", content)
            value[field] = content
            dropped = field ~ /^(types|suites|components|architectures|enabled)$/
        }
        /^[[:space:]]/ { value[field] = value[field] " " $0 }
        !dropped { text = text $0 "\n" }
        END { flush() }' "$file" >"$apt/parts/$(basename "$file")"
done

options=(
    -o "Dir::Etc::sourcelist=$apt/sources.list" -o "Dir::Etc::sourceparts=$apt/parts"
    -o "Dir::State::lists=$apt/lists" -o "Dir::Cache=$apt" -o "Dir::Cache::archives=$apt/archives"
    # apt would otherwise hand the download to a user who may not read our folder, and warn about it.
    -o APT::Sandbox::User=root)

cat "$apt/sources.list" "$apt"/parts/*
if ! grep -qs deb-src "$apt/sources.list" "$apt"/parts/*; then
    echo "No entry of $list and $parts* names a suite of this distribution." >&2
    exit 1
fi
apt-get "${options[@]}" -q update
cd "$folder"
apt-get "${options[@]}" -q source faiss
