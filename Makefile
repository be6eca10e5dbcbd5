# Openline. `make help` lists what can be done. Python 3.11 or newer and make are all a machine needs.

SHELL := /bin/sh
BIN := .venv/bin
READY := .venv/.ready

# The parts of `make check`, in order. `make check SKIP="test docs"` leaves some out.
PARTS := format-check lint types layers vocabulary fragments test docs
SKIP :=

.DEFAULT_GOAL := help
.PHONY: help setup demo test check soak bench coverage format lock clean $(PARTS)

help: ## list what can be done
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

setup: $(READY) ## prepare .venv (every other word does this by itself)

$(READY): pyproject.toml uv.lock .ci/setup
	@.ci/setup
	@touch $@

# --- run --------------------------------------------------------------------------------------------------------------

demo: $(READY) ## replay a historical case, then serve it on http://localhost:8460 (ARGS=--exit: replay only)
	@$(BIN)/openline demo $(ARGS)

# --- prove ------------------------------------------------------------------------------------------------------------

test: $(READY) ## run the tests (ARGS="-k hotline" chooses some)
	@$(BIN)/python -m pytest -q $(ARGS)

check: $(READY) ## everything that must hold before a change goes in, as a table
	@MAKE="$(MAKE)" .ci/check $(filter-out $(SKIP),$(PARTS))

format-check: $(READY) ## check: the formatter would change nothing
	@$(BIN)/ruff format --check --quiet . || { echo "Some files are not formatted. Run: make format"; exit 1; }

lint: $(READY) ## check: ruff, every rule, exceptions with reasons
	@$(BIN)/ruff check --quiet .

types: $(READY) ## check: mypy, strict
	@$(BIN)/mypy

layers: $(READY) ## check: imports point one way
	@$(BIN)/lint-imports --no-logo

vocabulary: $(READY) ## check: no word of targeting, no word that promises safety
	@$(BIN)/python -m pytest -q tests/docs/test_vocabulary.py

fragments: $(READY) ## check: the notes in changelog.d can be read, and their kinds are known
	@$(BIN)/towncrier build --draft --version next

docs: $(READY) ## check: build the documentation in docs/_build/html, warnings are errors
	@$(BIN)/sphinx-build -q -W -b html docs docs/_build/html

coverage: $(READY) ## which lines the tests never reach
	@$(BIN)/coverage run -m pytest -q $(ARGS)
	@$(BIN)/coverage report

# --- measure ----------------------------------------------------------------------------------------------------------

soak: $(READY) ## every test at full count, an hour of bad bytes; writes docs/soak.md (long)
	@.ci/setup fuzz || echo "What searches for bad bytes cannot be installed here."
	@OPENLINE_SOAK=1 $(BIN)/python -m tests.soak --date "$$(date -u +%Y-%m-%d)" $(ARGS)

bench: $(READY) ## run every script of bench/, one per number we publish (ARGS="--quick --json")
	@.ci/setup bench
	@for script in bench/[a-z]*.py; do \
	  [ -e "$$script" ] || { echo "There is no script in bench/ yet."; break; }; \
	  name=$$(basename "$$script" .py); \
	  echo "== $$name"; $(BIN)/python -m "bench.$$name" $(ARGS) || exit 1; \
	done

# --- keep -------------------------------------------------------------------------------------------------------------

format: $(READY) ## format the code, and mend what ruff can mend by itself
	@$(BIN)/ruff check --fix --quiet . || true
	@$(BIN)/ruff format .

lock: $(READY) ## write uv.lock anew, always from pypi.org, and renew .venv
	@.ci/setup lock
	@.ci/setup
	@touch $(READY)

clean: ## remove .venv and everything that was built
	@rm -rf .venv docs/_build dist build htmlcov .coverage .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
