# make · make serve · make test · make clean — each installs what it lacks.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export NO_MKDOCS_2_WARNING := 1 # the theme's notice of its successor
export PATH := $(CURDIR)/$(BIN):$(PATH)

MAKEFLAGS += --no-print-directory
.PHONY: build serve check ids test lab bench new-case new-deep-dive new-tradeoff new-lab figures clean lock install system
build: install ## site, book and chapter PDFs into site/
	guide build

serve: install ## live preview; an edit shows at once
	mkdocs serve --livereload

check: install ## the chapter contract, in seconds
	guide check

ids: install ## after new or rewritten questions
	guide ids

test: install .venv-labs/ready ## everything, on the real build
	pytest

lab: install .venv-labs/ready ## measure labs again: make lab NAME=two_tower_logq
	guide lab $(NAME)

new-case new-deep-dive new-tradeoff new-lab: install ## make new-case SLUG=my-case
	guide new $(@:new-%=%) "$(SLUG)"

bench: build ## times of builds, bytes of first views
	guide bench

figures: build ## README's table and pictures, from what was built
	guide figures
	guide pictures

clean: ## forget what was built; keep .venv and node_modules
	rm -rf site .build .cache

install: $(VENV)/ready node_modules/ready | system

system:
	@scripts/install-system

$(VENV)/ready: requirements.txt scripts/pyproject.toml | system
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --require-hashes -r requirements.txt
	$(BIN)/pip install --quiet --no-deps --no-build-isolation -e ./scripts
	touch $@

.venv-labs/ready: labs/requirements.txt | system ## the labs' packages, which building does not need
	$(PYTHON) -m venv .venv-labs
	.venv-labs/bin/pip install --quiet --require-hashes -r labs/requirements.txt
	touch $@

node_modules/ready: package-lock.json | system
	npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	touch $@

lock: ## after a change of scripts/pyproject.toml or package.json
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --extra test scripts/pyproject.toml -o requirements.txt
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock' labs/requirements.in -o labs/requirements.txt
	npm install --package-lock-only --ignore-scripts --no-audit --no-fund --omit-lockfile-registry-resolved
