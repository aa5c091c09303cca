#!/usr/bin/env bash
# Builds everything and runs every test: the C tests of each variant, the same under sanitizers, and the .NET tests.
# Ends with one line, "N passed, N failed, N skipped"; the exit code is 0 if nothing failed.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")" || exit 1
. eng/common.sh

passed=0 failed=0 skipped=0
count() {
    passed=$((passed + $1)) failed=$((failed + $2)) skipped=$((skipped + $3))
}

# What could not even run counts as one failure.
broken() {
    say "FAILED: $*"
    count 0 1 0
}

attribute() { sed -n "s/.*[[:space:]]$2=\"\([0-9]*\)\".*/\1/p" <<<"$1" | head -n 1; }

# ctests BUILD_FOLDER TITLE
ctests() {
    local report=$1/tests.xml head tests failures left
    say ""
    say "== $2"
    rm -f "$report"
    # FAISS prints warnings by the hundred; ctest shows what a failing test printed.
    ctest --test-dir "$1" --output-on-failure --no-tests=error --timeout 600 --output-junit "$report" </dev/null
    local status=$?
    if [ ! -e "$report" ]; then
        broken "$2 left no report"
        return
    fi
    head=$(tr '\n' ' ' <"$report" | grep -o '<testsuite [^>]*>')
    tests=$(attribute "$head" tests) failures=$(attribute "$head" failures)
    left=$(($(attribute "$head" skipped) + $(attribute "$head" disabled)))
    count $((tests - failures - left)) "$failures" "$left"
    if [ "$status" != 0 ] && [ "$failures" = 0 ]; then broken "$2 ended with $status"; fi
}

dotnet_tests() {
    local reports=$root/build/dotnet-tests report line before=$failed passed_before=$passed
    say ""
    say "== .NET"
    rm -rf "$reports"
    dotnet test FaissNet.sln -c Release --nologo --logger trx --results-directory "$reports" </dev/null
    local status=$?
    for report in "$reports"/*.trx; do
        [ -e "$report" ] || continue
        line=$(grep -o '<Counters [^>]*>' "$report")
        if [ -z "$line" ]; then
            broken "$report has no result"
            continue
        fi
        local total executed good bad
        total=$(attribute "$line" total) executed=$(attribute "$line" executed)
        good=$(attribute "$line" passed) bad=$(attribute "$line" failed)
        # What was executed and neither passed nor failed (aborted, timed out) did not pass.
        count "$good" $((executed - good)) $((total - executed))
        if [ "$bad" -gt $((executed - good)) ]; then count 0 $((bad - executed + good)) 0; fi
    done
    if [ "$failed" != "$before" ]; then
        return
    elif [ "$passed" = "$passed_before" ]; then
        broken "dotnet test ran no test"
    elif [ "$status" != 0 ]; then
        broken "dotnet test ended with $status"
    fi
}

need_dotnet

# Python's own FAISS is the independent witness of some tests.
if is_debian_like; then (need_packages python3-faiss) || say "  Going on without it: the tests that need it will not pass."; fi

if build=$(eng/build-native.sh); then
    ctests "$build" "C tests, every variant"
    if build=$(eng/build-native.sh --asan 2>"$logs/asan.log"); then
        ctests "$build" "C tests, under AddressSanitizer and UndefinedBehaviorSanitizer"
    else
        cat "$logs/asan.log" >&2
        broken "the sanitized build"
    fi
else
    broken "the native build"
fi
dotnet_tests

say ""
if [ $((passed + failed)) = 0 ]; then broken "no test ran"; fi
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
