#!/bin/sh
# `sh tools/cpp_tests.sh plain|address,undefined|thread`: the C++ tests, natively or under these sanitizers.
set -eu
kind=$1
sanitizer=$kind
[ "$kind" != plain ] || sanitizer=

if ! printf '#include <doctest/doctest.h>\n' | c++ -x c++ -E - >/dev/null 2>&1; then
    echo "C++ tests: skipped, doctest is not here; get it by: sudo apt-get install doctest-dev" >&2
    [ "${CI:-}" != true ] || exit 1
    exit 0
fi

# Not optimised further: sanitizers then name the right lines, and assertions hold.
cmake -S cpp -B "build/$kind" -G Ninja -DCMAKE_CXX_FLAGS="-O1 -g" -DSIDEMAN_PYTHON=OFF -DSIDEMAN_TESTS=ON \
    -DSIDEMAN_SANITIZE="$sanitizer" >"build/$kind.log" 2>&1 || { cat "build/$kind.log" >&2; exit 1; }
cmake --build "build/$kind"
ctest --test-dir "build/$kind" --output-on-failure --no-tests=error
