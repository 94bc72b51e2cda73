# make · make serve · make test · make clean — each installs what it lacks.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export NO_MKDOCS_2_WARNING := 1 # the theme's notice of its successor
export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: build serve check test figures clean lock install system
build: install ## site, book and chapter PDFs into site/
	guide build

serve: install ## live preview; an edit shows at once
	mkdocs serve --livereload

check: install ## the chapter contract, in seconds
	guide check

test: install ## everything, on the real build
	pytest

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

node_modules/ready: package-lock.json | system
	npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	touch $@

lock: ## after a change of scripts/pyproject.toml or package.json
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --extra test scripts/pyproject.toml -o requirements.txt
	npm install --package-lock-only --ignore-scripts --no-audit --no-fund --omit-lockfile-registry-resolved
