# make demo    train, evaluate and refocus the embedded data; ends by printing where to look
# make test    lint, types, layers and the tests (under 8 minutes on two cores)
# make test-all  the slow tests too, and those of the optional packages, such as Ray (under half an hour)
# Each makes .venv and installs what it needs, once.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
INPUTS := pyproject.toml constraints.txt
# Two processes, each with one thread; a file's tests stay in one process, as what they share does. In the order of
# the folders, so that the files with few and long tests do not come last. Every process that a test starts would
# compile all modules again if Python kept no bytecode.
PYTEST := PYTHONDONTWRITEBYTECODE= OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

.PHONY: demo test test-all lint format clean

demo: $(VENV)/.installed
	$(BIN)/rackfocus demo

test: lint
	$(PYTEST) -m "not slow"

test-all: $(VENV)/.installed-all lint
	$(PYTEST)

lint: $(VENV)/.installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.installed-test
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "rackfocus needs Python 3.11 or newer; name one with make PYTHON=python3.11"; exit 2; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: $(INPUTS) | $(VENV)/bin/python
	$(PIP) install -c constraints.txt -e .
	@touch $@

$(VENV)/.installed-test: $(INPUTS) | $(VENV)/bin/python
	$(PIP) install -c constraints.txt -e '.[test]'
	@touch $(VENV)/.installed $@

$(VENV)/.installed-all: $(INPUTS) | $(VENV)/bin/python
	$(PIP) install -c constraints.txt -e '.[all,test]'
	@touch $(VENV)/.installed $(VENV)/.installed-test $@

clean:
	rm -rf $(VENV) runs dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
