# Everything runs in .venv, which these targets make. `make PYTHON=python3.12 test` picks another Python.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
PACKAGE := setup.py pyproject.toml easynas/version.py
# Every process imports TensorFlow and holds up to two gigabytes, so more than four would be too many for a laptop.
PYTEST := $(BIN)/python -m pytest
PARALLEL := --numprocesses logical --maxprocesses 4 --dist worksteal

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo test check fast slow style fix docs bench bench-peers

help:
	@echo "make demo    a first model from the sample images, in about a minute"
	@echo "make test    all tests, the slow ones too; those that measure time or memory run last, by themselves"
	@echo "make check   what must hold before a change is handed in: format, lint, types, layers, fast tests"
	@echo "make fix     repairs format and what lint can repair"
	@echo "make docs    the documentation as a site, in site/"
	@echo "make bench   the image benchmark; needs EASYNAS_DATA, see benchmarks/README.md"
	@echo "make bench-peers   what others give for the same time, a small set in about an hour; needs EASYNAS_DATA"

demo: $(VENV)/.demo-installed
	$(BIN)/easynas demo

test: fast slow

check: style fast

fast: $(VENV)/.test-installed
	$(PYTEST) $(PARALLEL) -m "not slow" --doctest-modules --doctest-glob='*.md' tests easynas docs

slow: $(VENV)/.test-installed
	$(PYTEST) $(PARALLEL) -m "slow and not alone"
	$(PYTEST) -m alone

style: $(VENV)/.dev-installed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

fix: $(VENV)/.dev-installed
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(VENV)/.docs-installed
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

bench: $(VENV)/.bench-installed
	$(BIN)/python benchmarks/images.py
	$(BIN)/python benchmarks/analyse.py

bench-peers: $(VENV)/.bench-installed
	$(BIN)/python benchmarks/environments.py
	$(BIN)/python benchmarks/compare.py
	$(BIN)/python benchmarks/analyse_peers.py --page docs/comparison.md

# A stamp is newer than the files that decide what is installed, so nothing is installed twice.
$(VENV)/.demo-installed: $(PACKAGE) | $(BIN)/python
	$(PIP) --editable .
	touch $@

$(VENV)/.test-installed: $(PACKAGE) | $(BIN)/python
	$(PIP) --editable '.[test]'
	touch $@

$(VENV)/.docs-installed: $(PACKAGE) | $(BIN)/python
	$(PIP) --editable '.[docs]'
	touch $@

$(VENV)/.bench-installed: $(PACKAGE) | $(BIN)/python
	$(PIP) --editable '.[bench]'
	touch $@

$(VENV)/.dev-installed: $(PACKAGE) | $(BIN)/python
	$(PIP) --editable '.[dev]'
	touch $@

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "easynas needs Python 3.11 or newer. Received: $(PYTHON). Try: make PYTHON=python3.12 $(MAKECMDGOALS)"; \
		exit 1; }
	@echo "Making $(VENV) and installing TensorFlow and the rest; this once takes a minute or two."
	$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }
