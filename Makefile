# Needs Debian with Python 3.11, git and make. Everything else is fetched here: into .venv, and for `make test` from Debian's packages.
# Arguments go through: make demo ARGS="--scene haze", make test ARGS="tests/edge -x".

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=
export VIRTUAL_ENV := $(CURDIR)/$(VENV)
export PATH := $(CURDIR)/$(BIN):$(PATH):/usr/sbin
# uv reads the indexes, links and certificates that pip is configured with on this machine.
UV = eval "$$($(BIN)/python .ci/uv_env.py)" && $(BIN)/uv pip
WEB := $(shell find hub/web -name node_modules -prune -o -type f -print 2>/dev/null)
CODE := wire edge hub firmware_sim quietwatch
# File by file on all cores, in their order; of many only four: scenes run in real time. ARGS=-n0 undoes it.
PARALLEL := --numprocesses=logical --maxprocesses=4 --dist=loadfile --no-loadscope-reorder

.PHONY: demo test check format bench deb web lock hooks install clean
.DEFAULT_GOAL := demo

demo: install
	$(BIN)/quietwatch demo $(ARGS)

test: install
	.ci/debian mosquitto victoria-metrics chromium fonts-noto-cjk
	$(BIN)/python -m pytest $(PARALLEL) $(ARGS)

check: install
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy $(addprefix -p ,$(CODE))
	$(BIN)/lint-imports

format: install
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: install
	$(BIN)/python bench $(ARGS)

# A gateway's package for Debian, into dist/; ARGS="--python 3.13" builds it for Debian 13.
deb: install
	$(BIN)/python packaging/deb.py $(ARGS)

web: install
	$(UV) install --quiet --no-deps --reinstall-package quietwatch --editable .

# Only uv's own settings apply here: a partial mirror would leave hashes out of the lock.
COMPILE = $(BIN)/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-header --no-annotate \
  --no-emit-index-url --no-emit-find-links pyproject.toml $(ARGS)
lock: $(VENV)/made
	$(COMPILE) --extra dev --output-file requirements.lock
	$(COMPILE) --constraint requirements.lock --output-file docker/edge.lock
	$(COMPILE) --constraint requirements.lock --extra hub --output-file docker/hub.lock

hooks: install
	$(BIN)/pre-commit install

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

install: $(VENV)/installed

$(VENV)/made:
	$(PYTHON) -m venv --clear $(VENV) || { .ci/debian python3-venv && $(PYTHON) -m venv --clear $(VENV); }
	awk '/^[a-z]/ { chosen = /^uv==/ } chosen' requirements.lock > $(VENV)/uv.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps --requirement $(VENV)/uv.lock
	touch $@

$(VENV)/locked: requirements.lock .ci/uv_env.py | $(VENV)/made
	$(UV) sync --quiet --require-hashes requirements.lock
	touch $@

$(VENV)/installed: $(VENV)/locked pyproject.toml $(wildcard hatch_build.py) $(WEB)
	$(UV) install --quiet --no-deps --reinstall-package quietwatch --editable .
	touch $@
