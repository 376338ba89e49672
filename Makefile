# What can be done here; `make help` lists it. How the machine and .venv are prepared is in tools/setup.sh.

SHELL := /bin/sh
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
.PHONY: help run serve setup test test-python test-cpp test-asan test-tsan fuzz fuzz-sample soak bench evaluate train lint \
	format docs docs-check wheel clean

venv := .venv
in_venv := PATH="$(CURDIR)/$(venv)/bin:$$PATH"
cpp_sources := $(shell find cpp -type f)
cpp_formatted := $(shell find cpp tests/cpp tests/fuzz -name '*.[ch]pp')

# A .venv that was moved, or whose Python is gone, is made anew.
$(shell sh tools/setup.sh check)

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*  ## \(.*\)/  make \1|\2/p' Makefile | awk -F'|' '{printf "%-20s %s\n", $$1, $$2}'

run: $(venv)/.core  ## prepare all, then the demo: a melody is played into the server, and it answers (ARGS="--once")
	@exec $(venv)/bin/sideman demo $(ARGS)

serve: $(venv)/.core  ## prepare all, then the server alone (ARGS="--config duo.toml")
	@exec $(venv)/bin/sideman serve $(ARGS)

setup: $(venv)/.core $(venv)/.dev  ## what run, test and lint need, without running anything

# The stamps. Python sources are editable: only pyproject.toml and the C++ ask for work.
$(venv)/.packages: pyproject.toml
	@sh tools/setup.sh packages

$(venv)/.core: $(venv)/.packages $(cpp_sources)
	@sh tools/setup.sh core

$(venv)/.dev: $(venv)/.packages
	@sh tools/setup.sh dev

test: setup  ## every test: C++, a seeded sample of the fuzzers, Python and the real programs
	@sh tools/setup.sh system
	@failed=; for part in test-cpp fuzz-sample test-python; do \
		$(MAKE) --no-print-directory $$part || failed="$$failed $$part"; \
	done; [ -z "$$failed" ] || { echo "failed:$$failed" >&2; exit 1; }

test-python: setup  ## the Python tests alone (ARGS="-k phrase")
	@$(in_venv) $(venv)/bin/python -m pytest $(ARGS)

test-cpp: setup  ## the C++ tests alone
	@$(in_venv) sh tools/cpp_tests.sh plain

test-asan: setup  ## the C++ tests under AddressSanitizer and UndefinedBehaviorSanitizer
	@$(in_venv) sh tools/cpp_tests.sh address,undefined

test-tsan: setup  ## the C++ tests under ThreadSanitizer
	@$(in_venv) sh tools/cpp_tests.sh thread

fuzz-sample: setup  ## each fuzzer, the same inputs every time
	@$(in_venv) sh tests/fuzz/run.sh

FUZZ_S ?= 300
fuzz: setup  ## each fuzzer for FUZZ_S seconds (300), with inputs never tried before
	@$(in_venv) sh tests/fuzz/run.sh $(FUZZ_S)

soak: setup  ## the long runs of what `make test` samples: a million datagrams of junk, months of sensors, an hour's rehearsal
	@$(in_venv) SIDEMAN_JUNK=1000000 SIDEMAN_EXAMPLES=3000 SIDEMAN_EVENTS=1000000 SIDEMAN_STREAM=155000000 \
		SIDEMAN_MINUTES=60 SIDEMAN_CROWD_S=600 \
		python -m pytest --timeout 20000 -s tests/system/test_bars.py tests/server/test_bars.py \
		tests/system/test_exchange_live.py tests/server/test_months.py tests/server/test_crowd.py \
		tests/server/test_rehearsal.py $(ARGS)

bench: setup  ## every benchmark, as tables, with the machine they ran on (ARGS="osc")
	@sh tools/setup.sh bench
	@$(in_venv) python tests/bench $(ARGS)

evaluate: setup  ## every model on every task, beside what others reached, into docs/evaluation.md (half an hour)
	@$(in_venv) sideman evaluate --everything docs/evaluation.md $(ARGS)

train: setup  ## every stage of the small LLM in full, and what each reached, into docs/training.md (hours; needs PyTorch)
	@$(in_venv) sideman train all --out build/models --document docs/training.md $(ARGS)

lint: setup  ## mypy --strict, ruff, clang-format
	@$(in_venv) mypy --strict
	@$(in_venv) ruff check
	@$(in_venv) ruff format --check
	@$(in_venv) clang-format --dry-run -Werror $(cpp_formatted)

format: setup  ## let ruff and clang-format have their way
	@$(in_venv) ruff check --fix-only --quiet
	@$(in_venv) ruff format
	@$(in_venv) clang-format -i $(cpp_formatted)

docs: $(venv)/.core  ## write docs/protocol.md anew from the table of addresses
	@$(venv)/bin/python -m sideman.protocol >docs/.protocol.md && mv docs/.protocol.md docs/protocol.md

docs-check: $(venv)/.core  ## whether docs/protocol.md says what the table of addresses says
	@$(venv)/bin/python -m sideman.protocol | diff -u docs/protocol.md - >&2 || \
		{ echo "docs/protocol.md is not current; write it anew by: make docs" >&2; exit 1; }

wheel: $(venv)/.core  ## the wheel, in dist/, tried in an environment of its own
	@$(in_venv) sh tools/wheel.sh

clean:  ## take away all that was built and fetched
	rm -rf $(venv) build dist
