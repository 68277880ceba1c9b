# Two commands do everything on a machine with Python 3.11 or later, git and make:
#   make demo    run a scenario that holds and one that does not
#   make test    lint, types, layers, all tests
# PYTHON=python3.13 chooses another interpreter; VENV=folder another environment.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/installed

# Hundreds of tests start a Python of their own: compiled code is kept between them, whatever the shell says.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo test lint bench fuzz reference docs clean

help:  ## show this list
	@sed -n 's/^\([a-z]*\):.*##/\1\t/p' $(MAKEFILE_LIST)

$(INSTALLED): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "ChaosLab needs Python 3.11 or later, and $(PYTHON) is " + sys.version.split()[0] + ": make PYTHON=...")'
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

demo: $(INSTALLED)  ## run a scenario that holds and one that does not
	$(BIN)/chaoslab run scenarios/abd/partition.toml --seed 7
	@echo
	@$(BIN)/chaoslab run scenarios/primary_backup/failover.toml; test $$? -eq 1

lint: $(INSTALLED)  ## style, types, layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

test: lint  ## lint, types, layers, all tests
	$(BIN)/python -m pytest -n 2 --quiet

bench: $(INSTALLED)  ## measure speed, as ratios
	$(BIN)/python -m tests.benchmarks

fuzz: $(INSTALLED)  ## long campaigns, and many more examples of every property
	$(BIN)/python -m pytest -m campaign --override-ini addopts="--import-mode=importlib" --verbose
	HYPOTHESIS_PROFILE=thorough $(BIN)/python -m pytest -n 2 --quiet tests/checkers tests/models tests/test_portable_math.py

reference: $(INSTALLED)  ## make the reference pages, and the runs in the README, from the code
	$(BIN)/python -m docs.generate

docs: $(INSTALLED)  ## make the documentation's pages, where a warning is an error
	$(BIN)/python -m sphinx --builder html --fail-on-warning --keep-going --quiet --jobs 1 docs docs/_build

clean:  ## remove what was made
	rm -rf $(VENV) build dist docs/_build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
