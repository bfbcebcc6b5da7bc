# Two commands matter: `make app` opens the app, `make test` runs every check of behaviour.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PORT   ?= 8501

.PHONY: app setup test lint bench fuzz browser clean help

help:            ## what there is
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/'

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
