# Bare `make` lists the commands.
.DEFAULT_GOAL := help
SHELL := /bin/bash
VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= $(shell command -v python3.11 || command -v python3)
SEUIL := $(BIN)/seuil
export PYTHONDONTWRITEBYTECODE=

## run: serve on http://127.0.0.1:8000, with the demonstration company at first start
.PHONY: run
run: $(VENV)/.run
	$(SEUIL) serve --demo

## test: format, lint, types, import contracts, all tests (SQLite, PostgreSQL, a browser)
.PHONY: test
test: $(VENV)/.test
	@tests/tools.sh
	$(BIN)/ruff format --check .
	$(BIN)/ruff check --no-cache .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

## quick: the tests that need neither PostgreSQL nor a browser
.PHONY: quick
quick: $(VENV)/.test
	$(BIN)/python -m pytest -q -m "not postgres and not browser" -n 2 --dist loadfile --no-loadscope-reorder

## test-live: the tests against Tryton 7.0 as well, which is installed and filled first (minutes)
.PHONY: test-live
test-live: $(VENV)/.test
	SEUIL_TEST_TRYTON_VERSION=7.0 $(BIN)/python -m pytest -q -n 0 tests/connectors/tryton

## connector: lay down the next connector: make connector NAME=…
.PHONY: connector
connector: $(VENV)/.test
	$(BIN)/python -m connectors.kit $(NAME)

## format: put the code in its form
.PHONY: format
format: $(VENV)/.test
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

## messages: bring the French catalogue up to date with the texts in the code
.PHONY: messages
messages: $(VENV)/.test
	@mkdir -p build
	$(BIN)/pybabel -q extract -F babel.cfg -k N_ --no-location --sort-output --omit-header -o build/messages.pot app
	$(BIN)/pybabel -q update -i build/messages.pot -d app/locales -l fr -w 110 --no-fuzzy-matching --omit-header --ignore-obsolete

## benchmark: time the FEC reader, the intake, the webhook door, what is polled and the pages against their floors
.PHONY: benchmark
benchmark: $(VENV)/.test
	$(BIN)/python benchmarks/read_fec.py
	$(BIN)/python benchmarks/intake_rows.py
	$(BIN)/python benchmarks/knock_door.py
	$(BIN)/python benchmarks/polled.py
	$(BIN)/python benchmarks/pages.py

## stories: look every week at twenty simulated companies over five years (an hour)
.PHONY: stories
stories: $(VENV)/.test
	$(BIN)/python -m tests.signals.stories.years

## letters: make the letters shown in docs/letters.md anew from the demonstration (needs Chromium; a minute)
.PHONY: letters
letters: $(VENV)/.test
	$(BIN)/python -m tests.browser.letters_shown

## face: make the pages shown in docs/face.md anew from the demonstration (needs Chromium; two minutes)
.PHONY: face
face: $(VENV)/.test
	$(BIN)/python -m tests.browser.face_shown
	$(BIN)/python -m tests.browser.portfolio_shown

## api: ask each operation of the API anew for docs/api.md and the description
.PHONY: api
api: $(VENV)/.test
	$(BIN)/python -m tests.app.api_shown

## lock: choose the dependencies anew from pyproject.toml
.PHONY: lock
lock: $(VENV)/.test
	cd requirements && ./lock.sh

## clean: remove the environment (data stay)
.PHONY: clean
clean:
	rm -rf $(VENV) seuil.egg-info

## help: this list
.PHONY: help
help:
	@sed -n 's/^## \([a-z-]*\): \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

$(VENV)/.run: requirements/run.txt requirements/bootstrap.txt pyproject.toml
	@requirements/environment.sh $(PYTHON) $(VENV) run
	@touch $@

$(VENV)/.test: requirements/test.txt requirements/bootstrap.txt pyproject.toml
	@requirements/environment.sh $(PYTHON) $(VENV) test
	@touch $@ $(VENV)/.run
