# Two commands matter: `make run` and `make test`. Both set up what they need; `make help` lists all.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV ?= .venv
RASA_VENV ?= .venv-rasa
PORT ?= 8000
HOST ?= 127.0.0.1
# PyTorch is needed to build the encoder once, never to serve. Its CPU build comes from its own
# index where that is reached; a plain install on Linux would pull gigabytes of CUDA instead.
TORCH_INDEX ?= https://download.pytorch.org/whl/cpu
TORCH ?= torch==2.13.0
# Rasa runs on Python 3.10 only; empty: look for one.
PYTHON310 ?=

BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
SHOPBELL := $(BIN)/shopbell

.PHONY: help setup run test test-slow test-rasa test-image test-needs lint format types bench image widget clean

help: ## List the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  \1\t/' | expand -t 16

$(VENV)/.run: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(0 if v >= (3, 11) else f"Expected Python 3.11 or newer, but got {v.major}.{v.minor}: try make PYTHON=python3.12")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) install --quiet --upgrade 'pip>=25.1'
	$(BIN)/python -c 'import torch' 2>/dev/null || \
		$(PIP) install --quiet --retries 0 --extra-index-url $(TORCH_INDEX) '$(TORCH)' || \
		$(PIP) install --quiet '$(TORCH)'
	$(PIP) install --quiet --constraint constraints.txt --editable '.[models]'
	touch $@

$(VENV)/.dev: $(VENV)/.run
	$(PIP) install --quiet --constraint constraints.txt --group dev
	touch $@

setup: $(VENV)/.run ## Make .venv, the encoder, the trained heads and the demo's vectors
	$(SHOPBELL) models build --demo

run: setup ## Serve the demo shop (PORT=8000)
	$(SHOPBELL) serve --demo --host $(HOST) --port $(PORT)

test-needs: $(VENV)/.dev
	bash tests/needs.sh $(BIN)

lint: $(VENV)/.dev ## Check style, types, layers and data
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(SHOPBELL) validate

format: $(VENV)/.dev ## Format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

test: setup test-needs lint ## Check everything but the slow suites
	$(BIN)/pytest -m 'not slow'

test-slow: setup test-needs ## Run the slow suites
	$(BIN)/pytest -m 'slow and not rasa'

test-rasa: setup $(VENV)/.dev ## Run Shopbell with a real Rasa 3.6, both ways (PYTHON310=python3.10)
	PYTHON310='$(PYTHON310)' bash tests/rasa/environment.sh $(RASA_VENV)
	RASA_TELEMETRY_ENABLED=false RASA_VENV=$(RASA_VENV) $(BIN)/pytest -m rasa tests/rasa

test-image: $(VENV)/.dev ## Go through the image's steps in clean folders, without Docker
	TORCH_INDEX=$(TORCH_INDEX) bash tests/image.sh $(PYTHON)

bench: setup test-needs ## Measure; results go to benchmarks/RESULTS.md by hand
	$(BIN)/python -m benchmarks

widget: ## Build the widget's JavaScript (needs Node.js)
	cd widget && npm ci --no-audit --no-fund && npm run build

image: ## Build the Docker image
	docker build --tag shopbell .

clean: ## Remove what was made here, but not the shop's own state in var/
	rm -rf $(VENV) $(RASA_VENV) dist build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
