# Every target sets itself up: nothing is needed but Python 3.11 or newer and make.
PYTHON ?= python3
UV := .venv/bin/uv
RUN := $(UV) run --frozen --no-sync

.DEFAULT_GOAL := help
.PHONY: help demo serve test kills check bench docs setup

##@ Look at it
demo: setup ## A made-up day from report to warning, on this machine only
	@$(RUN) baken demo

serve: ## The web console (not there yet)
	@echo "There is no web console yet. Use the command line: make demo, then .venv/bin/baken --help"

##@ Work on it
test: setup ## All tests; the database ones again on Debian's PostgreSQL, where it is installed
	@.ci/debian-packages
	@$(UV) sync --frozen --inexact --quiet
	$(RUN) pytest
	$(RUN) pytest tests/db --postgres=debian

kills: setup ## The long campaign of kills: 200 a test, an hour or more
	$(RUN) pytest tests/e2e/test_killed.py tests/e2e/test_killed_senders.py tests/e2e/test_killed_discovery.py --kills=200

check: setup ## Style, types and the import rule
	$(RUN) ruff check
	$(RUN) ruff format --check
	$(RUN) mypy
	$(RUN) lint-imports

bench: setup ## The measurements, as JSON
	$(RUN) baken bench ingest --rows 1000000 --json
	$(RUN) baken bench store --rows 1000000 --json

docs: setup ## Write the generated reference pages anew
	$(RUN) python -m baken.feeds.shadowserver > docs/reference/shadowserver.md
	$(RUN) python -m baken.cli.reference > docs/reference/commands.md
	$(RUN) python -m baken.cases.statement_text
	$(RUN) python -m baken.settings > docs/reference/settings.md

##@ Set up
setup: .venv/.ready ## The virtual environment in .venv

.venv/.ready: pyproject.toml uv.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Baken needs Python 3.11 or newer.")'
	@test -x $(UV) || ($(PYTHON) -m venv .venv && .venv/bin/python -m pip install --quiet uv)
	@$(UV) sync --frozen --inexact --no-group cluster --quiet
	@touch $@

help: ## This list
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} \
		/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
