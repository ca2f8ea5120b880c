# Everything that a newcomer, CI and a developer run. `make demo` and `make test` are all there is to know.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

SCIMMY := tests/servers/scimmy
LINTERS := tests/linters
BROWSER := tests/servers/browser

# Not from the environment: shells count their own SECONDS.
SECONDS = 600
TESTS =
# What `make test-fast` runs, and of it what.
ROOMS = tests/access tests/files tests/loading tests/model tests/planning tests/render tests/wire
FAST = not slow and not long and not real and not hypothesis
# Without the cases that show what only a large plan shows.
SMALL = not 5000 and not 15000 and not 40000 and not roll-out

# Every worker, and every process that a test starts, would otherwise compile all modules anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test test-fast search servers directories check format lock schemas docs bench clean

$(VENV)/.installed: requirements-dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is " + sys.version.split()[0] + " (name another with: make PYTHON=python3.12)" if sys.version_info < (3, 11) else 0)'
	@$(PYTHON) -m venv $(VENV)
	@echo "Installing what requirements-dev.txt locks into $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements-dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: $(VENV)/.installed  ## the main job against the embedded sandbox, as a tour
	@$(BIN)/reconciler demo

test: $(VENV)/.installed  ## every test, or those that TESTS="-m real" or TESTS=tests/cli select
	@$(BIN)/python -m pytest -n auto --dist worksteal -q $(TESTS)

test-fast: $(VENV)/.installed  ## under a minute: what needs no git, no process and no search
	@$(BIN)/python -m pytest -n auto --dist worksteal -q -m "$(FAST)" -k "$(SMALL)" $(ROOMS)

search: $(VENV)/.installed  ## every property test with new examples, for SECONDS=600 or as many as are named
	@$(BIN)/python -m tests.support.searching $(SECONDS)

servers:  ## the SCIM server, the linter and the browser that some tests use (needs npm); without them they are skipped
	@npm ci --silent --prefix $(SCIMMY)
	@npm ci --silent --prefix $(LINTERS)
	@npm ci --silent --prefix $(BROWSER)
	@$(BROWSER)/install.sh

directories:  ## Samba and slapd, which some tests import from (needs apt, and root or sudo); without them they are skipped
	@tests/servers/install.sh

check: $(VENV)/.installed  ## style, types, imports, workflows
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --cache-dir .cache/import-linter
	@$(BIN)/zizmor --quiet --offline --pedantic --strict-collection .github action.yml

format: $(VENV)/.installed
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

schemas: $(VENV)/.installed  ## write schemas/ anew
	@$(BIN)/reconciler schema

docs: $(VENV)/.installed  ## the documentation as a site, in .cache/site
	@$(BIN)/python -m tests.support.reference
	@$(BIN)/python -m sphinx -b html -W --keep-going -q docs .cache/site

bench: $(VENV)/.installed  ## figures: seconds, bytes, calls
	@$(BIN)/python -m benchmarks

lock:  ## lock dependencies anew, with hashes and without addresses
	@uv pip compile --quiet --generate-hashes --universal --python-version 3.11 --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" --extra ad --extra saml pyproject.toml -o requirements.txt
	@uv pip compile --quiet --generate-hashes --universal --python-version 3.11 --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" --group dev pyproject.toml requirements-build.in -o requirements-dev.txt

clean:
	rm -rf $(VENV) $(SCIMMY)/node_modules $(LINTERS)/node_modules $(BROWSER)/node_modules .cache .reconciler .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -r {} +
