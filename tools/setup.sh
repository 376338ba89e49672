#!/bin/sh
# What `make` calls to prepare the machine and .venv; `sh tools/setup.sh STEP`, from the repository's root. Steps:
#
#   check      forget what was prepared if .venv no longer fits: moved, or its Python gone
#   packages   .venv with the Python packages that building and running need
#   core       the C++ core, compiled, and sideman installed editable
#   dev        what tests and linters need from PyPI
#   system     the programs that tests talk to: Pd, liblo, sclang, Mosquitto, doctest, clang
#   bench      what benchmarks are held against: liblo, kenlm, nltk
#
# No step asks a question. Debian packages are installed only where that needs no password (root, or sudo without
# one); elsewhere the message is the command that cures. An interrupted step leaves a mark, and the next call mends.
set -eu

venv=.venv
log=build/setup.log
apt_updated=

say() { printf 'sideman: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

# step TEXT COMMAND...: runs it quietly, the seconds ticking where a person watches; its words only if it fails.
step() {
    text=$1
    shift
    mkdir -p build
    began=$(date +%s)
    if [ -t 2 ]; then
        while sleep 1 && kill -0 $$ 2>/dev/null; do printf '\r%s … %d s ' "$text" $(($(date +%s) - began)); done >&2 &
        ticker=$!
        trap 'kill "$ticker" 2>/dev/null || :' EXIT
    else
        ticker=
    fi
    printf '%s … ' "$text" >&2
    status=0
    "$@" >"$log" 2>&1 </dev/null || status=$?
    if [ -n "$ticker" ]; then
        kill "$ticker" 2>/dev/null || :
        wait "$ticker" 2>/dev/null || :
        printf '\r%s … ' "$text" >&2
    fi
    if [ "$status" -ne 0 ]; then
        printf 'failed; the end of %s:\n' "$log" >&2
        tail -n 30 "$log" >&2
        return "$status"
    fi
    printf 'done in %d s\n' $(($(date +%s) - began)) >&2
}

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

may_install() {
    command -v apt-get >/dev/null && { [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null; }
}

# apt_install PACKAGE...: without questions; fails where this user may not.
apt_install() {
    may_install || return 1
    if [ -z "$apt_updated" ]; then
        step "reading Debian's list of packages" as_root apt-get -q update || return 1
        apt_updated=yes
    fi
    step "installing $*" as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get -q -y -o DPkg::Lock::Timeout=300 install --no-install-recommends "$@"
}

cure_of() {
    if command -v apt-get >/dev/null; then
        echo "sudo apt-get install --no-install-recommends $*"
    elif [ "$(uname)" = Darwin ]; then
        echo "xcode-select --install; brew install python liblo (and Pd from puredata.info)"
    else
        echo "your system's packages for what Debian calls: $*"
    fi
}

recent() { command -v "$1" >/dev/null && "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }
can_venv() { "$1" -c 'import venv, ensurepip' 2>/dev/null; }
has_headers() {
    "$1" -c 'import os, sys, sysconfig
sys.exit(not os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h")))' 2>/dev/null
}

# The Python to use: one that has all it takes, else the first that is recent enough; empty if there is none.
find_python() {
    recent_one=
    for candidate in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11}; do
        recent "$candidate" || continue
        [ -n "$recent_one" ] || recent_one=$candidate
        if can_venv "$candidate" && has_headers "$candidate"; then
            echo "$candidate"
            return
        fi
    done
    echo "$recent_one"
}

# What of Debian's is missing to build: a compiler, a Python, its headers and its venv.
missing_to_build() {
    command -v c++ >/dev/null || command -v g++ >/dev/null || command -v clang++ >/dev/null || echo g++
    python=$(find_python)
    if [ -z "$python" ]; then
        # Where python3 is too old (Ubuntu 22.04), a newer one stands beside it under its own name.
        name=python3
        if command -v python3 >/dev/null; then name=python3.11; fi
        echo "$name $name-venv $name-dev"
        return
    fi
    can_venv "$python" || echo "$(basename "$python")-venv"
    has_headers "$python" || echo "$(basename "$python")-dev"
}

python_or_die() {
    [ -z "${PYTHON:-}" ] || recent "$PYTHON" || die "PYTHON=$PYTHON is no Python of 3.11 or later; name one that is"
    missing=$(missing_to_build | tr '\n' ' ')
    if [ -n "$missing" ]; then
        # shellcheck disable=SC2086  # a list of packages
        apt_install $missing || die "to build, this is missing: $missing— get it by: $(cure_of $missing)
sideman: or name a Python that has all: make run PYTHON=/path/to/python3"
    fi
    python=$(find_python)
    if [ -z "$python" ] || ! can_venv "$python" || ! has_headers "$python"; then
        die "no Python of 3.11 or later, with venv and Python.h, is here; name one: make run PYTHON=/path/to/python3"
    fi
}

# What .venv must say of itself: where it lies and which Python made it.
identity() { "$1" -c 'import sys; print("%s %d.%d" % (sys.argv[1], *sys.version_info[:2]))' "$PWD/$venv" 2>/dev/null; }

whole() {
    [ ! -e $venv/.half ] && $venv/bin/python -m pip --version >/dev/null 2>&1 &&
        { [ ! -e $venv/.identity ] || [ "$(cat $venv/.identity)" = "$(identity $venv/bin/python)" ]; }
}

modules() { find server plugins clients/python -name '*.py' | LC_ALL=C sort | cksum; }

check() {
    [ -e $venv/.packages ] || return 0
    [ "$(cat $venv/.identity 2>/dev/null)" = "$(identity $venv/bin/python)" ] || rm -f $venv/.packages
    # An editable install knows its modules by name: one that is new, moved or gone asks for another.
    if [ -e $venv/.core ] && [ "$(modules)" != "$(cat $venv/.modules 2>/dev/null)" ]; then rm -f $venv/.core; fi
}

pip_install() { $venv/bin/python -m pip install --disable-pip-version-check --no-input "$@"; }

packages() {
    if ! whole; then
        python_or_die
        rm -rf $venv
        mkdir $venv
        : >$venv/.half
        step "making $venv with $("$python" --version)" "$python" -m venv $venv || exit 1
    fi
    : >$venv/.half
    $venv/bin/python tools/requirements.py build >$venv/.wanted
    step "fetching Python packages (about 50 MB the first time)" pip_install -r $venv/.wanted ||
        die "PyPI must be reachable the first time; then call make again"
    identity $venv/bin/python >$venv/.identity
    rm -f $venv/.half
    touch $venv/.packages
}

core() {
    if [ -e build/.half ]; then rm -rf build/cp3*; fi
    mkdir -p build
    : >build/.half
    # .venv's cmake and ninja first: a distribution's may be too old.
    status=0
    step "compiling the C++ core (half a minute to two the first time)" \
        env PATH="$PWD/$venv/bin:$PATH" $venv/bin/python -m pip install --disable-pip-version-check --no-input \
        --no-build-isolation --no-deps --verbose --editable . || status=$?
    rm -f build/.half
    [ "$status" = 0 ] || exit "$status"
    modules >$venv/.modules
    touch $venv/.core
}

dev() {
    $venv/bin/python tools/requirements.py dev >$venv/.wanted-dev
    step "fetching what the tests need" pip_install -r $venv/.wanted-dev || exit 1
    touch $venv/.dev
}

fuzzes() {
    command -v clang++ >/dev/null &&
        echo 'extern "C" int LLVMFuzzerTestOneInput(const unsigned char*, unsigned long) { return 0; }' |
        clang++ -fsanitize=fuzzer,address -x c++ -o /dev/null - 2>/dev/null
}

clang_packages() {
    version=$(apt-cache depends clang 2>/dev/null | sed -n 's/.*Depends: clang-\([0-9][0-9]*\)$/\1/p' | head -n 1)
    echo "clang libclang-rt-${version:-14}-dev"
}

has_doctest() {
    for compiler in c++ g++ clang++; do
        if command -v $compiler >/dev/null; then
            printf '#if !__has_include(<doctest/doctest.h>)\n#error\n#endif\n' | $compiler -x c++ -E - >/dev/null 2>&1
            return
        fi
    done
    return 1
}

missing_to_test() {
    command -v pd >/dev/null || echo puredata-core
    command -v oscsend >/dev/null && command -v oscdump >/dev/null || echo liblo-tools
    command -v sclang >/dev/null || echo supercollider-language
    command -v mosquitto >/dev/null || [ -x /usr/sbin/mosquitto ] || echo mosquitto
    command -v openssl >/dev/null || echo openssl
    has_doctest || echo doctest-dev
    fuzzes || clang_packages
}

missing_to_bench() {
    printf '#if !__has_include(<lo/lo.h>)\n#error\n#endif\n' | c++ -x c++ -E - >/dev/null 2>&1 || echo liblo-dev
}

# bring QUESTION: installs what the function QUESTION names as missing, or says what that costs.
bring() {
    missing=$("$1" | tr '\n' ' ')
    [ -n "$missing" ] || return 0
    # One by one: a system that lacks one of them still gets the others.
    if may_install; then
        for package in $missing; do
            apt_install "$package" || :
        done
        missing=$("$1" | tr '\n' ' ')
        [ -n "$missing" ] || return 0
    fi
    # shellcheck disable=SC2086  # a list of packages
    cure=$(cure_of $missing)
    [ "${CI:-}" != true ] || die "CI skips nothing, and this is missing: $missing— get it by: $cure"
    say "what needs these is skipped: $missing— get them by: $cure"
}

system() { bring missing_to_test; }

bench() {
    bring missing_to_bench
    $venv/bin/python tools/requirements.py bench >$venv/.wanted-bench
    step "fetching what the benchmarks are held against" pip_install -r $venv/.wanted-bench ||
        say "what needs these is skipped"
}

[ -f pyproject.toml ] || die "call this from the repository's root"
case ${1:-} in
check) check ;;
packages | core | dev | system | bench)
    mkdir -p build
    if command -v flock >/dev/null; then
        # Two makes at once take turns.
        exec 9>build/.lock
        flock 9
    fi
    "$1"
    ;;
*) die "no step '${1:-}'; steps: check packages core dev system bench" ;;
esac
