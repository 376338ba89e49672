#!/bin/sh
# Builds the wheel as `pip install .` would, alone, and tries it where neither the sources nor .venv can help it.
set -eu
mkdir -p dist
rm -f dist/sideman-*.whl
python -m pip wheel --quiet --no-deps --wheel-dir dist .
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
python -m venv "$scratch/venv"
"$scratch/venv/bin/pip" install --quiet dist/sideman-*.whl
(cd "$scratch" && venv/bin/sideman version && venv/bin/python -c 'import sideman.server, sideman_blend, sideman_llm, sideman_midi, sideman_mqtt, sideman_ngram, sideman_oracle, sideman_remote, sideman_client')
ls -l dist/sideman-*.whl
