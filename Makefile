# `make demo` shows the main job on a local AWS; `make test` sets everything up and runs every check.
# All that a machine needs is Python 3.11 or newer, and make.

PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
WORKERS ?= 2
# What is to work on every system; the tests run on Linux.
EVERYWHERE = assume_helper examples benchmarks

.PHONY: demo check test faults lint unit newer fuzz conformance bench fleet docs constraints clean

demo: $(VENV)/demo
	@$(BIN)/python examples/walkthrough/demo.py

test: lint
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest -n $(WORKERS)
	$(BIN)/coverage combine -q
	$(BIN)/coverage report

# Before each commit: linters, types, unit tests.
check: lint
	$(BIN)/python -m pytest -q -n $(WORKERS) tests/unit

# Everything that breaks something.
faults: $(VENV)/dev
	$(BIN)/python -m pytest -n $(WORKERS) tests/faults

lint: $(VENV)/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --platform linux
	$(BIN)/mypy --platform darwin $(EVERYWHERE)
	$(BIN)/mypy --platform win32 $(EVERYWHERE)
	$(BIN)/lint-imports

# The unit and integration tests alone, in the environment of $(PYTHON): for newer Pythons, see `newer`.
unit: $(VENV)/test
	$(BIN)/python -m pytest -n $(WORKERS) tests/unit tests/integration

# Every Python newer than $(PYTHON) that is at hand.
newer:
	@for python in $$(.ci/newer-pythons $(PYTHON)); do \
	  echo "== $$($$python --version)"; \
	  $(MAKE) unit PYTHON=$$python VENV=.venv-$$($$python -c 'import sys; print("%d.%d" % sys.version_info[:2])') || exit 1; \
	done

bench: $(VENV)/dev
	$(BIN)/python benchmarks/run.py

# Real clients through nothing but a credential_process: what is missing is built, outside of the work tree.
conformance: $(VENV)/dev
	$(BIN)/python tests/conformance/run.py

# The parsers, given whatever the fuzzer thinks of: for so many seconds, or with so many inputs, in all.
FUZZ_SECONDS ?= 60
FUZZ_RUNS ?=
fuzz: $(VENV)/fuzz
	$(BIN)/python tests/fuzz/run.py $(if $(FUZZ_RUNS),--runs $(FUZZ_RUNS),--seconds $(FUZZ_SECONDS)) --jobs $(WORKERS)

# Calls to STS by a fleet over a day: the table and the plot in the documents.
fleet: $(VENV)/dev
	$(BIN)/python benchmarks/fleet.py --svg benchmarks/fleet.svg

# The generated parts of the documents: the commands' output and pictures, their help, the matrix of clients.
docs: $(VENV)/dev
	$(BIN)/python examples/commands/show.py
	$(BIN)/python examples/commands/reference.py
	PYTHONPATH=tests $(BIN)/python -m conformance.matrix

$(BIN)/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo 'Python 3.11 or newer is needed: make PYTHON=python3.12'; exit 1; }
	@$(PYTHON) -m venv --clear $(VENV) || { echo 'Python has no venv: install python3-venv (Debian, Ubuntu)'; exit 1; }
	@$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt --upgrade pip

$(VENV)/demo $(VENV)/test $(VENV)/fuzz $(VENV)/dev: $(BIN)/pip pyproject.toml constraints.txt
	@echo 'Setting up $(@D) ($(@F)) ...'
	@$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt --group $(@F) -e .
	@touch $@

# The versions that everything is tested with, for every Python: names and versions, no addresses.
constraints:
	$(BIN)/python -m pip freeze --all --exclude-editable | sed '/^setuptools==/d; /@/d' > constraints.txt

clean:
	rm -rf $(VENV) .venv-3.* .coverage* .mypy_cache .pytest_cache .ruff_cache .import_linter_cache dist build .hypothesis .fuzz
