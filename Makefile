# Two commands matter: `make app` opens the app, `make test` runs every check of behaviour.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PORT   ?= 8501
# how coverage listens: Python 3.12 has a way that costs little, 3.11 has not
CORE    = $(shell $(BIN)/python -c 'import sys; print("sysmon" if sys.version_info >= (3, 12) else "ctrace")')

.PHONY: app setup test test-fast coverage lint bench fuzz browser clean help

help:            ## what there is
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/'

app: setup       ## set up (once) and open the app
	$(BIN)/mmexplore app --port $(PORT)

setup: $(VENV)/.installed   ## make .venv, install, and compute the built-in examples

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "mmexplore needs Python 3.11 or newer; try: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: $(VENV)/bin/python requirements.txt pyproject.toml
	$(BIN)/python -m pip install --quiet -r requirements.txt
	$(BIN)/mmexplore examples --prepare
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed requirements-dev.txt
	$(BIN)/python -m pip install --quiet -r requirements-dev.txt
	@touch $@

test: $(VENV)/.installed-dev browser   ## every test, browser journeys included
	OMP_NUM_THREADS=1 MMEXPLORE_THREADS=1 $(BIN)/python -m pytest -q -n 2 --dist loadfile $(ARGS)

test-fast: $(VENV)/.installed-dev     ## no browser, no long fits: under two minutes on two cores
	OMP_NUM_THREADS=1 MMEXPLORE_THREADS=1 $(BIN)/python -m pytest -q -n 2 --dist loadfile -m "not browser and not slow" $(ARGS)

coverage: $(VENV)/.installed-dev browser   ## every test, and the lines that none reaches (slower on Python 3.11)
	OMP_NUM_THREADS=1 MMEXPLORE_THREADS=1 COVERAGE_CORE=$(CORE) $(BIN)/python -m pytest -q -n 2 --dist loadfile \
	  --cov=mmexplore --cov-report=term:skip-covered --cov-report=html:tests/out/coverage $(ARGS)

lint: $(VENV)/.installed-dev           ## style, types, and the house's floors
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.installed-dev          ## the timings of benchmarks/README.md (ratios in one run)
	$(BIN)/python benchmarks/run.py

fuzz: $(VENV)/.installed-dev           ## 50,000 damaged and hostile files through every reader (CASES=...)
	OMP_NUM_THREADS=1 MMEXPLORE_THREADS=1 $(BIN)/python -m tests.fuzz.harness --cases $(or $(CASES),50000)

browser:
	@sh scripts/browser.sh

clean:           ## remove the environment and what tests wrote
	rm -rf $(VENV) tests/out .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
