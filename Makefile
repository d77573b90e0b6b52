# Few targets; each does all of its own set-up.  make call · make serve · make test · make torture · make bench
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/.installed-run
DEV := $(VENV)/.installed-dev
LOCK := $(VENV)/bin/pip-compile --quiet --generate-hashes --no-emit-index-url --no-emit-find-links --strip-extras \
  --allow-unsafe --no-header --no-annotate
PIP := $(VENV)/bin/pip install --quiet --require-hashes
WHOLE := tests/acceptance tests/torture
SPOKEN := tests/acceptance/test_the_first_call.py

.DEFAULT_GOAL := help
.PHONY: help call serve test proofs torture check apt bench lock

help:  ## what there is
	@sed -n 's/^\([a-z]*\):.*## /  make \1	/p' Makefile

call: $(RUN)  ## one call from POST to recording, on the simulated phone network
	@$(VENV)/bin/outdial demo

serve: $(RUN)  ## run the platform until stopped
	@$(VENV)/bin/outdial serve

test: apt $(DEV) check  ## everything that must hold, tests included
	@$(VENV)/bin/pytest -q -n 2 --dist loadfile $(WHOLE:%=--ignore=%)
	@$(VENV)/bin/pytest -q -n 2 --dist loadfile $(WHOLE) --ignore=$(SPOKEN)  # whole installations, after everything else
	@$(VENV)/bin/pytest -q $(SPOKEN)  # words must be understood: alone on the machine

check: $(DEV)  ## style, types and floors
	@$(VENV)/bin/ruff format --check --quiet . || { echo "run: .venv/bin/ruff format ."; exit 1; }
	@$(VENV)/bin/ruff check --quiet .
	@$(VENV)/bin/mypy --no-error-summary
	@$(VENV)/bin/lint-imports --no-logo > $(VENV)/floors.txt || { cat $(VENV)/floors.txt; exit 1; }

proofs: $(DEV)  ## docs/proofs.md: each endpoint and field with the test that proves it (some minutes)
	@PYTHONPATH=tests $(VENV)/bin/python -m proofs

apt:  # the telephones the tests talk to, and the languages customers write in
	@for tool in sipp:sip-tester baresip:baresip-core openssl:openssl curl:curl ruby:ruby node:nodejs nginx:nginx-light caddy:caddy; do \
	  command -v $${tool%%:*} > /dev/null || missing="$$missing $${tool##*:}"; done; \
	if [ -n "$$missing" ]; then echo "installing for the tests:$$missing (apt-get)"; \
	  sudo=$$(command -v sudo || true); \
	  $$sudo apt-get update -qq && $$sudo env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y -qq --no-install-recommends $$missing > /dev/null; fi

torture: $(DEV)  ## kill and freeze processes at every step of a call, and count what is lost (half an hour)
	@PYTHONPATH=tests $(VENV)/bin/python -m torture

bench: $(DEV) .venv-bench  ## the numbers of docs/benchmarks.md, on this machine
	@$(VENV)/bin/python -m benchmarks

.venv-bench: requirements/bench.txt | $(VENV)/bin/python  # what the product is compared with, apart from it
	@echo "installing what Outdial is compared with in $@ ..."
	@$(VENV)/bin/python -m venv $@
	@$@/bin/pip install --quiet --require-hashes -r $<
	@touch $@

lock: $(DEV)  ## pin the newest allowed versions again
	@$(LOCK) --upgrade --extra dev -o requirements/dev.txt pyproject.toml
	@sed 's/ *\\$$//; /--hash/d' requirements/dev.txt > $(VENV)/constraints.txt
	@$(LOCK) --upgrade --extra build -c $(VENV)/constraints.txt -o requirements/run.txt pyproject.toml
	@$(LOCK) --upgrade --extra bench -c $(VENV)/constraints.txt -o requirements/bench.txt pyproject.toml

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys, ensurepip; sys.exit(not (3, 11) <= sys.version_info < (3, 13))' 2>/dev/null || \
	  { echo "Outdial needs Python 3.11 or 3.12 with venv; name one with: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)"; exit 1; }
	@echo "creating the environment in $(VENV) ..."
	@$(PYTHON) -m venv $(VENV)

$(RUN): requirements/run.txt pyproject.toml | $(VENV)/bin/python
	@echo "installing the locked dependencies (about a minute the first time) ..."
	@$(PIP) -r requirements/run.txt
	@$(VENV)/bin/pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@

$(DEV): requirements/dev.txt pyproject.toml | $(VENV)/bin/python
	@echo "installing the locked dependencies and the test tools ..."
	@$(PIP) -r requirements/dev.txt
	@$(VENV)/bin/pip install --quiet --no-deps --no-build-isolation -e .
	@touch $(RUN) $@
