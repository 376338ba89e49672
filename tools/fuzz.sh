#!/bin/sh
# `sh tools/fuzz.sh [LIBFUZZER OPTION...]`: builds tests/fuzz/fuzz_*.cpp and runs each with these options.
# Inputs worth keeping go to build/fuzz/corpus, one that breaks something to build/fuzz/found.
set -eu

if ! echo 'extern "C" int LLVMFuzzerTestOneInput(const unsigned char*, unsigned long) { return 0; }' |
    clang++ -fsanitize=fuzzer,address -x c++ -o /dev/null - 2>/dev/null; then
    echo "fuzzers: skipped, clang with libFuzzer is not here; get it by: sudo apt-get install clang libclang-rt-14-dev" >&2
    [ "${CI:-}" != true ] || exit 1
    exit 0
fi

mkdir -p build/fuzz/found
CXX=clang++ cmake -S cpp -B build/fuzz -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo -DSIDEMAN_PYTHON=OFF \
    -DSIDEMAN_FUZZ=ON >build/fuzz.log 2>&1 || { cat build/fuzz.log >&2; exit 1; }
cmake --build build/fuzz

for source in tests/fuzz/fuzz_*.cpp; do
    [ -e "$source" ] || { echo "fuzzers: there are none in tests/fuzz" >&2; exit 1; }
    name=$(basename "$source" .cpp)
    corpus=build/fuzz/corpus/$name
    # A sample that is the same every time begins with the same inputs every time.
    case " $* " in *" -seed="*) rm -rf "$corpus" ;; esac
    mkdir -p "$corpus"
    if [ -d "tests/fuzz/corpus/$name" ]; then cp -R "tests/fuzz/corpus/$name/." "$corpus"; fi
    program=$(find build/fuzz -type f -name "$name" -perm -u+x)
    echo "$name $*"
    "$program" "$@" -timeout=10 -rss_limit_mb=2048 -artifact_prefix=build/fuzz/found/ -print_final_stats=1 "$corpus" \
        >"build/fuzz/$name.log" 2>&1 || { tail -n 60 "build/fuzz/$name.log" >&2; exit 1; }
    grep -E '^(Done|stat::number_of_executed_units|stat::peak_rss_mb)' "build/fuzz/$name.log"
done
