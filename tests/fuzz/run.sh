#!/bin/sh
# Builds the fuzz targets under ASan and UBSan and runs each: a seeded sample (about 20 s in all), or for
# so many seconds each, with a corpus that is kept, by `tests/fuzz/run.sh SECONDS`.
# Exit status 0: nothing found, or no libFuzzer here (an error where CI=true); else what was found is printed.
set -eu
cd "$(dirname "$0")/../.."
seconds=${1:-}
build=build/fuzz
compiler=${FUZZ_CXX:-clang++}

lacks() {
    echo "fuzzing skipped: $1; apt-get install clang" >&2
    [ "${CI:-}" != true ] || exit 1
    exit 0
}
command -v "$compiler" >/dev/null 2>&1 || lacks "$compiler is not installed"
mkdir -p "$build"
printf 'extern "C" int LLVMFuzzerTestOneInput(const unsigned char*, unsigned long) { return 0; }\n' >"$build/probe.cpp"
"$compiler" -fsanitize=fuzzer,address,undefined "$build/probe.cpp" -o "$build/probe" >/dev/null 2>&1 ||
    lacks "libFuzzer's runtime is not installed"

cmake -S cpp -B "$build" -DCMAKE_CXX_COMPILER="$compiler" -DCMAKE_BUILD_TYPE=RelWithDebInfo \
    -DSIDEMAN_PYTHON=OFF -DSIDEMAN_FUZZ=ON >"$build/configure.log" 2>&1 ||
    { cat "$build/configure.log" >&2; exit 1; }
cmake --build "$build" >"$build/build.log" 2>&1 || { cat "$build/build.log" >&2; exit 1; }

for source in tests/fuzz/fuzz_*.cpp; do
    target=$(basename "$source" .cpp)
    set -- -dict=tests/fuzz/osc.dict -artifact_prefix="$build/$target-" -timeout=5 -print_final_stats=1
    if [ -n "$seconds" ]; then
        mkdir -p "$build/corpus/$target"
        set -- "$@" -max_total_time="$seconds" -max_len=16384 "$build/corpus/$target"
    else
        set -- "$@" -seed=7 -runs=3000000 -max_len=1024
    fi
    echo "$target"
    "$build/fuzz/$target" "$@" >"$build/$target.log" 2>&1 ||
        { tail -n 60 "$build/$target.log" >&2; exit 1; }
    grep -E 'stat::(number_of_executed_units|average_exec_per_sec|peak_rss_mb)' "$build/$target.log"
done
