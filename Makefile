# `make demo` shows the main job on a local AWS. `make check`, `make test` and `make faults` set up what they need and
# test: CONTRIBUTING.md. All that a machine needs is Python 3.11 or newer, and make.

PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
# For two cores: many a test waits for a time limit of the helper's.
WORKERS ?= 3
# The dependency group that the tests' environment has: `test` where nothing is linted.
GROUP ?= dev
# COVERED=1 notes which lines the tests, and the processes that they start, run. It takes two thirds more time.
COVERED ?=
PYTEST = $(BIN)/$(if $(COVERED),coverage run,python) -m pytest -q -n $(WORKERS) --dist worksteal
# What is to work on every system; the tests run on Linux.
EVERYWHERE = assume_helper examples benchmarks
# What a release needs.
RELEASE = tests/unit tests/integration tests/project tests/smoke

.PHONY: demo check lint unit test faults smoke lowest wheels newer windows sanitize fuzz fuzz-front conformance coverage bench fleet docs constraints clean

demo: $(VENV)/demo
	@echo 'Starting a local AWS (moto, on 127.0.0.1): a few seconds'
	@$(BIN)/python -u examples/walkthrough/demo.py

# After every change.
check: lint unit

# Before a commit: everything that a release needs but the faults and the real clients.
test: lint
	$(if $(COVERED),rm -rf .coverage-data && mkdir .coverage-data)
	$(PYTEST) $(RELEASE)

# What breaks something: the network, the disk, the clock, the process, and many of them at once.
faults: $(VENV)/dev
	$(if $(COVERED),mkdir -p .coverage-data)
	$(PYTEST) tests/faults

# After `make test COVERED=1` (and `make faults COVERED=1`, which adds a little): what they did not run. Fails below 95 %,
# by line and branch.
coverage: $(VENV)/dev
	$(BIN)/coverage combine -q || [ -f .coverage-data/data ]
	$(BIN)/coverage report

# The types side by side, each platform with a cache of its own: one for all is thrown away whenever the platform changes.
lint: $(VENV)/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	@$(MAKE) --no-print-directory -j $(WORKERS) types-linux types-darwin types-win32

types-%:
	$(BIN)/mypy --cache-dir .mypy_cache/$* --platform $* $(if $(filter-out linux,$*),$(EVERYWHERE))

unit: $(VENV)/$(GROUP)
	$(PYTEST) tests/unit

# The helper as a wheel, in an environment of its own, with the versions of constraints.txt or the lowest that are declared.
smoke lowest: $(VENV)/$(GROUP)
	.ci/smoke $(PYTHON) $@ $(BIN)

# What is published, in dist/: the sdist, the pure wheel, and one with the front for each system, built on this one; then
# the tests of them. The first time a compiler builds its C libraries for each system: minutes, once for this machine.
wheels: $(VENV)/wheels
	$(BIN)/python front/wheels.py dist
	$(PYTEST) tests/wheels

# The unit tests and the smoke test on each newer Python.
newer:
	.ci/newer-pythons $(PYTHON)

# On the CPython for Windows, under Wine: the unit tests that are not about another system, and tests/windows.
windows: $(VENV)/$(GROUP)
	WORKERS=2 .ci/windows $(BIN)/python

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

# The native front's parsers, by libFuzzer: it needs clang.
fuzz-front: $(VENV)/$(GROUP)
	$(BIN)/python front/fuzz/fuzz_front.py $(if $(FUZZ_RUNS),--runs $(FUZZ_RUNS),--seconds $(FUZZ_SECONDS)) --jobs $(WORKERS)

# All that the front is tested with, on a build that finds each read and write where none may be, and undefined behaviour.
sanitize: $(VENV)/$(GROUP)
	ASSUME_HELPER_SANITIZED_FRONT=1 $(PYTEST) tests/integration/test_front_*.py

# Calls to STS by a fleet over a day: the table and the plot in the documents.
fleet: $(VENV)/dev
	$(BIN)/python benchmarks/fleet.py --svg benchmarks/fleet.svg

# The generated parts of the documents: the commands' output and pictures, their help, the matrix of clients.
docs: $(VENV)/dev
	$(BIN)/python examples/commands/show.py
	$(BIN)/python examples/commands/reference.py
	PYTHONPATH=tests $(BIN)/python -m conformance.matrix

# The environment, in pure Python, in steps that are told: pip shows what it fetches, in CI it is quiet.
PIP = $(BIN)/python -m pip --disable-pip-version-check $(if $(CI),-q) install -c constraints.txt
ABOUT_demo = assume-helper, a local AWS (moto) and the AWS CLI: 56 MB to fetch, 200 MB on disk, about a minute
ABOUT_test = assume-helper and what the tests need
ABOUT_fuzz = assume-helper, what the tests need, and the fuzzer
ABOUT_wheels = assume-helper, what the tests need, and a C compiler for every system (100 MB to fetch)
ABOUT_dev = assume-helper, what the tests need, and the linters

$(BIN)/pip:
	@echo 'Setting up $(VENV), once. Step 1 of 3: a virtual environment'
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo 'Python 3.11 or newer is needed: make PYTHON=python3.12'; exit 1; }
	@$(PYTHON) -m venv --clear $(VENV) || { echo 'Python has no venv: install python3-venv (Debian, Ubuntu)'; exit 1; }
	@echo 'Step 2 of 3: a pip that knows dependency groups'
	@$(PIP) -q --upgrade pip

$(VENV)/demo $(VENV)/test $(VENV)/fuzz $(VENV)/wheels $(VENV)/dev: $(BIN)/pip pyproject.toml constraints.txt
	@echo 'Step 3 of 3: $(ABOUT_$(@F))'
	@ASSUME_HELPER_FRONT=none $(PIP) --group $(@F) -e .
	@$(SLIM_AWS_CLI)
	@touch $@

# Only the walkthrough and one test call the AWS CLI: it keeps no examples, and of the services' models (120 MB) it needs
# those two; the others it only looks for, so their files stay, empty.
AWS_CLI = $(VENV)/lib/python3*/site-packages/awscli
SLIM_AWS_CLI = rm -rf $(AWS_CLI)/examples && \
  find $(AWS_CLI)/botocore/data -mindepth 2 -name '*.json' -size +64k ! -path '*/s3/*' ! -path '*/sts/*' -exec cp /dev/null {} ';'

# The versions that everything is tested with, for every Python: names and versions, no addresses.
constraints:
	$(BIN)/python -m pip freeze --all --exclude-editable | sed '/^setuptools==/d; /@/d' | LC_ALL=C sort -f > constraints.txt

clean:
	rm -rf $(VENV) .venv-3.* .coverage* .mypy_cache .pytest_cache .ruff_cache .import_linter_cache dist build .hypothesis .fuzz
