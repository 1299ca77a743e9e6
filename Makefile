# For Windows, docs/setup.md has each of these in plain commands.
.DEFAULT_GOAL := help
.PHONY: help env data run test lint check bench requirements

# The first Python of a version that TensorFlow and DVC both support.
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null \
	&& echo $$python && break; done)
PORT ?= 8000

BIN := .venv/bin
# Four processes, on two cores as well, for many tests wait for a server, a terminal or the disk:
# three left the cores idle for a quarter of the time. Each file stays whole: its tests share what
# takes long to make. The longest come first (tests/conftest.py).
PARALLEL ?= --numprocesses 4 --dist loadfile --no-loadscope-reorder
# Further options of pytest for `make test`, such as TESTS="-m slow" or TESTS=tests/grader.
TESTS ?=
# Containers often set it: each of a thousand programs would compile our code anew.
unexport PYTHONDONTWRITEBYTECODE
# For what DVC starts; make itself may not look here (3.81, which is macOS', does not).
export PATH := $(CURDIR)/$(BIN):$(PATH)

help:
	@echo "make env     the environment, in .venv (2.4 GB)"
	@echo "make data    the workshop's posters, in data/raw"
	@echo "make run     both, then the pipeline, then the service on port $(PORT)"
	@echo "make test    all tests"
	@echo "make lint    format, lint, types and import contracts"
	@echo "make check   that, and the fast tests"
	@echo "make bench   the measurements"

env: .venv/installed
	@echo "done. next: source .venv/bin/activate"

# Nothing where .venv runs here; else its Python is gone, or it was made in another folder, whose
# path is in its programs.
CLEAR := $(shell { $(BIN)/python -c "" && grep -qF "$(CURDIR)/.venv" $(BIN)/activate; } 2>/dev/null \
	|| echo --clear)
# The stamp has the checksums of what was installed: a file that changes may be older than it.
CHECKSUMS := cksum requirements.txt pyproject.toml
STALE := $(shell test -z "$(CLEAR)" && $(CHECKSUMS) | cmp -s - .venv/installed || echo stale)
.PHONY: stale

.venv/installed: requirements.txt pyproject.toml $(STALE)
	@test -n "$(PYTHON)" || { echo "error: no Python 3.11, 3.12 or 3.13 found"; \
		echo "  fix: install one, or say which: make env PYTHON=/path/to/python3.12"; exit 1; }
	$(PYTHON) -m venv $(CLEAR) .venv
	$(BIN)/python -m pip install --require-hashes -r requirements.txt
	$(BIN)/python -m pip install --no-deps --no-build-isolation -e .
	@$(CHECKSUMS) > $@

data: .venv/installed
	$(BIN)/python -m pipeline.posters data/raw --expect data/raw.dvc

run: data
	$(BIN)/dvc repro
	@echo "open http://127.0.0.1:$(PORT) in a browser; Ctrl-C ends the service"
	$(BIN)/uvicorn service.main:app --port $(PORT)

test: .venv/installed
	$(BIN)/python -m pytest $(PARALLEL) $(TESTS)

lint: .venv/installed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

check: lint
	$(BIN)/python -m pytest $(PARALLEL) -m "not slow"

bench: .venv/installed
	$(BIN)/python -m benchmarks

# Resolves the newest versions anew; see CONTRIBUTING.md.
requirements:
	uv pip compile --universal --generate-hashes --no-header --no-annotate --no-emit-index-url \
		--python-version 3.11 --extra dev --upgrade --output-file requirements.txt pyproject.toml
