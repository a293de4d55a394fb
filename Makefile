# The two commands are `make demo` and `make test`. Both make what they need and can be run again at any time.

SHELL := /bin/sh
PYTHON := .venv/bin/python
ENVIRONMENT = "$$(tools/find_python)" tools/environment.py

.PHONY: help demo demo-reset test format constraints clean

help:
	@echo "make demo                    a demonstration clinic on this machine, with simulated people"
	@echo "make demo-reset              the same, from the beginning"
	@echo "make test                    everything that is checked"
	@echo "make test STAGES='lint core' only these stages; 'make test STAGES=list' names them"
	@echo "make format                  put the sources in the common format"
	@echo "make constraints             pin the newest allowed packages, with hashes"
	@echo "make clean                   remove what the commands above made, except demonstration data"

demo:
	@$(ENVIRONMENT) .venv lab clinic
	@.venv/bin/unstuck serve --demo

demo-reset:
	@$(ENVIRONMENT) .venv lab clinic
	@.venv/bin/unstuck serve --demo --reset

test:
	@$(ENVIRONMENT) .venv lab plots clinic dev
	@$(PYTHON) tools/test_all.py $(STAGES)

format:
	@$(ENVIRONMENT) .venv lab plots clinic dev
	@.venv/bin/ruff check --fix . && .venv/bin/ruff format .

constraints:
	@tools/constraints

clean:
	rm -rf .venv .venv-* dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
