# `make demo` and `make test` set up all that they need in .venv; `make help` lists the rest.
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
PIP := $(RUN) -m pip --disable-pip-version-check --quiet

.PHONY: help demo test check bench picture lock clean python

demo: $(VENV)/installed ## set up, then train a network on the embedded digits
	@$(VENV)/bin/tito demo

test: $(VENV)/tests ## set up, then run the tests
	@$(RUN) -m pytest -q -n auto --maxprocesses 4

check: $(VENV)/dev ## lint and types
	@$(RUN) -m ruff check . && $(RUN) -m ruff format --check . && $(RUN) -m mypy

bench: $(VENV)/torch ## measure against PyTorch, side by side, as ratios
	@$(RUN) -m benchmarks

picture: $(VENV)/installed ## record docs/demo.svg anew
	@$(RUN) docs/record.py

help:
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "make %-8s %s\n", $$1, $$2}' Makefile

lock: $(VENV)/dev ## renew requirements/dev.txt, the versions that everything is tested with
	@$(PIP) install uv && $(RUN) -m uv pip compile -q --upgrade --universal --python-version 3.10 \
	    --no-annotate --no-header --group dev pyproject.toml -o requirements/dev.txt

clean: ## remove the virtual environment and the caches
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis build dist

python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null || \
	    { echo "TinyTorch needs Python 3.10 or newer; name one with: make demo PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	    { echo "Python's venv module is missing; on Debian and Ubuntu: sudo apt install python3-venv"; exit 1; }

# Each stage leaves a mark that is older than pyproject.toml or the lock when it must be renewed.
$(VENV)/bin/python: | python
	@echo "Making a virtual environment in $(VENV) ..."
	@$(PYTHON) -m venv $(VENV)

$(VENV)/installed: pyproject.toml requirements/dev.txt | $(VENV)/bin/python
	@echo "Installing TinyTorch and what it needs (NumPy, click, rich, matplotlib, watchfiles) ..."
	@$(PIP) install --constraint requirements/dev.txt --editable . && touch $@

$(VENV)/tests: $(VENV)/installed
	@echo "Installing the test tools ..."
	@$(PIP) install --constraint requirements/dev.txt pytest pytest-xdist hypothesis safetensors && touch $@

$(VENV)/dev: $(VENV)/installed
	@$(PIP) install --requirement requirements/dev.txt && touch $@

$(VENV)/torch: $(VENV)/tests
	@echo "Installing PyTorch, the oracle of the differential tests ..."
	@$(PIP) install torch==2.13.0 && touch $@
