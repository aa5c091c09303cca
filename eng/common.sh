# shellcheck shell=bash
# What the scripts share; sourced, never run. Messages go to stderr, so that a script can answer on stdout.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache=${FAISSNET_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/faissnet}
logs=$root/build/logs
mkdir -p "$logs"

say() { printf '%s\n' "$*" >&2; }

fail() {
    say "Error: $*"
    exit 1
}

# step NAME TITLE COMMAND…: runs the command silently; if it fails, shows the end of its log and where the whole of it is.
step() {
    local log=$logs/$1.log title=$2 start=$SECONDS
    shift 2
    say "$title …"
    if ! "$@" >"$log" 2>&1 </dev/null; then
        tail -n 30 "$log" >&2
        fail "$title failed; the whole log is in $log"
    fi
    if [ $((SECONDS - start)) -ge 5 ]; then say "  done in $((SECONDS - start)) s"; fi
}

is_debian_like() { command -v apt-get >/dev/null && [ -e /etc/debian_version ]; }

installed() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

apt_install() {
    local sudo=()
    if [ "$(id -u)" != 0 ]; then sudo=(sudo -n); fi
    local install=("${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends install "$@")
    # The package lists of a fresh machine may be missing or old.
    "${install[@]}" || { "${sudo[@]}" apt-get -q update && "${install[@]}"; }
}

# need_packages PACKAGE…: installs the Debian packages that are missing, or says how to.
need_packages() {
    local package missing=()
    for package in "$@"; do
        installed "$package" || missing+=("$package")
    done
    if [ ${#missing[@]} = 0 ]; then return; fi
    if [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null; then
        step apt "Installing the system packages ${missing[*]}" apt_install "${missing[@]}"
    else
        fail "these system packages are missing: ${missing[*]}. Install them with: sudo apt-get install ${missing[*]}"
    fi
}

# need_build_tools [PACKAGE | COMMAND:PACKAGE…]: a compiler, CMake and Ninja, and the commands, from wherever they are, else from the system;
# and the packages.
need_build_tools() {
    local tool packages=() commands=()
    for tool in c++:build-essential cmake:cmake ninja:ninja-build gfortran:gfortran "$@"; do
        case $tool in
            *:*) command -v "${tool%%:*}" >/dev/null || {
                commands+=("${tool%%:*}")
                packages+=("${tool##*:}")
            } ;;
            *) packages+=("$tool") ;;
        esac
    done
    if is_debian_like; then
        need_packages "${packages[@]}"
    elif [ ${#commands[@]} != 0 ]; then
        fail "these commands were not found: ${commands[*]}. Install them with this system's package manager."
    fi
    local version
    version=$(cmake --version | sed -n '1s/[^0-9]*\([0-9.]*\).*/\1/p')
    if [ "$(printf '3.24\n%s\n' "$version" | sort -V | head -n 1)" != 3.24 ]; then
        fail "CMake 3.24 or later is needed; $(command -v cmake) is $version."
    fi
}

need_dotnet() {
    command -v dotnet >/dev/null || fail "the .NET SDK 10 was not found; see https://dotnet.microsoft.com/download"
    (cd "$root" && dotnet --version >/dev/null 2>&1) ||
        fail "the .NET SDK 10 is needed; found: $(cd / && dotnet --list-sdks | tr '\n' ' ')"
}

# A compiler of FAISS's larger files takes up to 1.5 GB.
parallel_jobs() {
    local cores memory
    cores=$(nproc)
    memory=$(awk '/^MemAvailable/ {print int($2 / 1500000)}' /proc/meminfo)
    if [ "$memory" -lt 1 ]; then memory=1; fi
    echo $((cores < memory ? cores : memory))
}

rid() {
    case $(uname -m) in
        x86_64) echo linux-x64 ;;
        aarch64) echo linux-arm64 ;;
        *) fail "no runtime identifier is known for $(uname -m); x86_64 and aarch64 are." ;;
    esac
}
