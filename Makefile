# RetailScan from a terminal. `make` lists the targets; Python 3.11 is all that must be there beforehand.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
BIN := .venv/bin
PYTHON := $(BIN)/python
VENV_READY := .venv/installed
ARGS ?=
SEED ?=

# run, demo, reset: the suite on this machine.
include local/local.mk

# infra-check, infra-tools: what brings it into the cloud.
include infra/infra.mk

.PHONY: help
help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | sort | expand -t 14

.PHONY: venv
venv: $(VENV_READY) ## the virtual environment, installed from the locked requirements

# A stamp newer than the lock means: nothing to do. The lock carries a hash for every file. pip would compile on one core.
$(VENV_READY): requirements-dev.txt pyproject.toml
	@python=""; for candidate in python3.11 python3 python; do \
	  if $$candidate -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null; then \
	    python=$$candidate; break; fi; done; \
	if [ -z "$$python" ]; then echo "Python 3.11 is missing: install it so that python3.11 or python3 starts it."; exit 1; fi; \
	if ! $(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null; then \
	  $$python -m venv --clear .venv || { echo "Python's venv module is missing: on Debian, apt-get install python3.11-venv."; exit 1; }; fi
	@echo "Installing the locked requirements; the first time takes a minute or two."
	@$(PYTHON) -m pip install --disable-pip-version-check --quiet --no-compile --require-hashes -r requirements-dev.txt
	@PYTHONWARNINGS=ignore $(PYTHON) -m pip install --disable-pip-version-check --quiet --no-deps --no-build-isolation \
	  --config-settings editable_mode=compat --editable .
	@$(PYTHON) -m compileall -qq -j 0 .venv/lib || true # wheels hold templates that are no Python yet
	@touch $@

.PHONY: check
check: venv ## what the build runs first: format, lint, types, walls, cards, generated documents
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check --quiet .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(PYTHON) -m retailscan docs --check
	$(PYTHON) -m retailscan openapi --check
	$(PYTHON) -m retailscan clients --check
	$(PYTHON) -m infra.capacity --check

.PHONY: format
format: venv ## put the code in its one format, and repair what can be repaired
	$(BIN)/ruff check --quiet --fix .
	$(BIN)/ruff format --quiet .

.PHONY: docs
docs: venv ## write again what is generated: README's table, docs/*.md, docs/openapi.json, clients, infra's tables
	$(PYTHON) -m retailscan docs
	$(PYTHON) -m retailscan openapi
	$(PYTHON) -m retailscan clients
	$(PYTHON) -m infra.capacity

.PHONY: cover
cover: venv ## only whether every branch of the rules is tested
	$(BIN)/coverage run -m pytest -q tests/unit -m "not slow"
	$(BIN)/coverage report

# Three lanes, each with servers of its own, because most tests wait for these more than they work: tests that bring all of
# the suite with them, tests of single rooms, and the rest, whose rules give way to both. What the first two say comes at
# the end. The rules are covered by their unit tests alone, and coverage is said only when a branch is not: a good run
# ends with pytest's summaries.
SUITES := tests/faults tests/integration/local tests/integration/bench tests/browser tests/journeys
ROOMS := tests/integration

.PHONY: test
test: venv ## all checks and all tests, the faults in their small size
	@pytest="$(PYTHON) -m pytest -m 'not soak'"; said=$$(mktemp -d); \
	lane() { eval "$$pytest $$2" >"$$said/$$1" 2>&1 & lanes="$$lanes $$!"; }; lanes=""; \
	trap 'kill $$lanes 2>/dev/null || true; rm -rf "$$said"' EXIT; status=0; \
	lane suites "$(SUITES)"; lane rooms "$(ROOMS) $(addprefix --ignore=,$(SUITES))"; \
	nice -n 5 $(MAKE) --no-print-directory check; \
	nice -n 5 $(BIN)/coverage run -m pytest -m "not soak" tests/unit || status=1; \
	$(PYTHON) -m pytest -m "not soak" tests $(addprefix --ignore=,tests/unit $(ROOMS) $(SUITES)) || status=1; \
	for each in $$lanes; do wait $$each || status=1; done; cat "$$said"/*; \
	report=$$($(BIN)/coverage report) || { echo "$$report"; status=1; }; exit $$status

.PHONY: test-browser
test-browser: venv ## only the tests of the web pages, in Chromium, which is installed when it is missing
	@if ! command -v chromium >/dev/null && ! command -v chromium-browser >/dev/null && ! command -v google-chrome >/dev/null; then \
	  if command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ]; then \
	    apt-get update --quiet=2 && apt-get install --quiet=2 --yes --no-install-recommends chromium; \
	  else echo "Chromium is missing: install it (Debian: apt-get install chromium)."; exit 1; fi; fi
	$(PYTHON) -m pytest tests/browser $(ARGS)

.PHONY: screenshots
screenshots: venv ## take the pictures of all pages for the README, phone and desktop (ARGS=shop: only of one face)
	$(PYTHON) -m tests.browser.screenshots $(ARGS)

.PHONY: faults
faults: venv ## the fault scenarios in full size; SEED=n repeats one run
	FAULTS=full $(if $(SEED),SEED=$(SEED) )$(PYTHON) -m pytest tests/faults tests/security tests/guards \
	  tests/integration/scan/test_cache_race.py tests/integration/checkout/payments tests/integration/checkout/test_killed.py \
	  tests/integration/notify/test_storm.py tests/unit/notify/test_ten_seconds.py \
	  tests/unit/retail/test_random_baskets.py $(ARGS)

.PHONY: fuzz
fuzz: venv ## requests made up from the contract, two hundred of each kind; SEED=n repeats one run
	FAULTS=full $(if $(SEED),SEED=$(SEED) )$(PYTHON) -m pytest tests/security/test_fuzz.py -s $(ARGS)

.PHONY: bench
bench: venv ## measure: make bench NAME=scan [ARGS=--json]
	@if [ -z "$(NAME)" ]; then echo "Which one? make bench NAME=scan"; exit 2; fi
	$(PYTHON) -m bench $(NAME) $(ARGS)

.PHONY: migrate
migrate: venv ## bring about collections, indexes and validators in MONGODB_URI (ARGS=--dry-run: only say what)
	$(PYTHON) -m retailscan migrate $(ARGS)

.PHONY: image
image: ## build one room's image with Docker: make image ROOM=scan
	docker build --build-arg FUNCTION=$(ROOM) --tag retailscan-$(ROOM) .

.PHONY: lock
lock: venv ## resolve requirements*.in again and write the locks with hashes
	$(BIN)/pip-compile $(LOCK) --output-file requirements.txt requirements.in
	for room in functions/*/requirements.in; do \
	  $(BIN)/pip-compile $(LOCK) --output-file "$${room%.in}.txt" "$$room"; done
	$(BIN)/pip-compile $(LOCK) --constraint requirements.txt --output-file requirements-dev.txt requirements-dev.in

LOCK := --quiet --generate-hashes --allow-unsafe --strip-extras --no-header \
	--no-emit-index-url --no-emit-trusted-host --no-emit-find-links

.PHONY: ci
ci: ## what the build server runs
	.ci/run
