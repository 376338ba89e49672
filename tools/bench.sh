#!/bin/sh
# `sh tools/bench.sh [NAME...]`: every tests/bench/bench_NAME.py, or those named, one after the other.
set -eu

echo "machine: $(uname -srm), $(getconf _NPROCESSORS_ONLN) cores, \
$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo 2>/dev/null | head -n 1), $(python -V), $(date +%F)"
if [ $# = 0 ]; then
    set -- $(for file in tests/bench/bench_*.py; do basename "$file" .py | sed s/^bench_//; done)
fi
for name; do
    printf '\n%s\n' "$name"
    python "tests/bench/bench_$name.py"
done
