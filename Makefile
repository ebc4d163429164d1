# The commands of a checkout, for GNU make 3.81 and later. On a fresh machine each of them works as the first one:
# it makes .venv from the locks, which pin every package with its hashes. `make help` lists them.

# A Python to use instead of the newest found: make test PYTHON=/opt/python3.12/bin/python3
PYTHON =
# A folder for what the demonstration leaves behind, instead of its own choice: make demo OUT=somewhere
OUT =
# More arguments for pytest: make test ARGS="-k polling"
ARGS =
# How many tests run at once; files stay together. make test TESTS_AT_ONCE=0 runs them one by one, in this process.
TESTS_AT_ONCE = auto
PARALLEL = -n $(TESTS_AT_ONCE) --maxprocesses 4 --dist loadfile

VENV := .venv
PY := $(VENV)/bin/python
UV_VERSION := 0.13.9

# One environment, two stamps: the product alone, and with the tools of development. A checkout that was moved, or
# whose Python is gone, installs anew.
PLACE := $(shell pwd | cksum | cut -d ' ' -f 1)
RUN_READY := $(VENV)/.ready-run-$(PLACE)
DEV_READY := $(VENV)/.ready-dev-$(PLACE)
ALIVE := $(shell $(PY) -c 'print("yes")' 2>/dev/null)
ifneq ($(ALIVE),yes)
$(shell rm -f $(VENV)/.ready-*)
endif

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo run test test-all check bench soak quality quality-floors lock clean

help:
	@echo 'make demo      the whole pipeline on the bundled newsroom: stories in the terminal, a digest as a mail'
	@echo 'make run       the daemon, on config/monitor.toml'
	@echo 'make test      the tests that need neither a browser, nor Docker, nor minutes'
	@echo 'make test-all  every test, also the slow ones and those that need Chromium or Docker'
	@echo 'make check     linter, formatter, types, import contracts, tests, and whether the migrations are complete'
	@echo 'make quality   scores on labelled data in the folder that MONITOR_QUALITY_DATA names, beside simple methods'
	@echo 'make quality-floors  raises the floors of tests/quality to what was just measured; lowers none'
	@echo 'make bench     speed of each stage'
	@echo 'make soak      the daemon for half an hour among misbehaving servers (MINUTES=30)'
	@echo 'make lock      the locks again from pyproject.toml (UPGRADE=--upgrade takes the newest versions)'
	@echo 'make clean     removes the environment, caches and build results; no data'

demo: $(RUN_READY)
	@$(VENV)/bin/monitor demo $(if $(OUT),--out "$(OUT)")

run: $(RUN_READY)
	@$(VENV)/bin/monitor run

test: $(DEV_READY)
	$(PY) -m pytest $(PARALLEL) -m "not slow and not chromium and not docker and not bench" $(ARGS)

test-all: $(DEV_READY)
	$(PY) -m pytest -m "not bench" $(ARGS)

check: $(DEV_READY)
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	$(PY) -c 'from importlinter.cli import lint_imports_command; lint_imports_command()' --no-logo
	$(PY) -m pytest $(PARALLEL) -m "not slow and not chromium and not docker and not bench" $(ARGS)
	@mkdir -p build && rm -f build/check.db*
	MONITOR_DATABASE_URL=sqlite:///build/check.db $(PY) -m alembic upgrade head
	MONITOR_DATABASE_URL=sqlite:///build/check.db $(PY) -m alembic check

bench: $(DEV_READY)
	$(PY) -m pytest -m bench -s $(ARGS)

MINUTES = 30
soak: $(DEV_READY)
	SOAK_MINUTES=$(MINUTES) $(PY) -m pytest tests/soak -s $(ARGS)

quality: $(DEV_READY)
	@if [ ! -d "$$MONITOR_QUALITY_DATA" ]; then \
	    echo 'Set MONITOR_QUALITY_DATA to the folder with the labelled data, then call make quality again.' >&2; exit 2; \
	fi
	$(PY) -m pytest -m quality -s $(ARGS)

# After `make quality`, which leaves build/quality.md to read and build/quality.json for this.
quality-floors: $(DEV_READY)
	$(PY) -m tests.quality.floors build/quality.json

# Universal locks: one file for Linux and macOS and every Python from 3.11 on, without the address of any index.
lock: $(RUN_READY)
	@rm -rf build/lock && $(PY) -m venv build/lock
	@build/lock/bin/python -m pip install -qq --disable-pip-version-check 'uv==$(UV_VERSION)'
	build/lock/bin/uv pip compile -q --universal --generate-hashes --python-version 3.11 --no-header --no-annotate \
	    --no-emit-index-url --no-emit-find-links $(UPGRADE) --extra build pyproject.toml -o requirements.lock
	build/lock/bin/uv pip compile -q --universal --generate-hashes --python-version 3.11 --no-header --no-annotate \
	    --no-emit-index-url --no-emit-find-links $(UPGRADE) --extra build --extra dev -c requirements.lock \
	    pyproject.toml -o requirements-dev.lock

clean:
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# --- the environment -------------------------------------------------------------------------------------------------

$(RUN_READY): requirements.lock pyproject.toml
	@$(make-venv)
	@echo 'Installing the product into $(VENV) (the first time takes about a minute) ...'
	@$(PY) -m pip install -qq --disable-pip-version-check --require-hashes -r requirements.lock
	@$(install-checkout)
	@touch $(RUN_READY)

$(DEV_READY): requirements-dev.lock requirements.lock pyproject.toml
	@$(make-venv)
	@echo 'Installing the product and the tools of development into $(VENV) (the first time takes about a minute) ...'
	@$(PY) -m pip install -qq --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@$(install-checkout)
	@touch $(RUN_READY) $(DEV_READY)

# hatchling is locked too, hence no build isolation: nothing is downloaded that has no hash.
install-checkout = $(PY) -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation -e .

# Takes the first Python that is new enough and can make environments; says in one sentence what is missing.
define make-venv
if $(PY) -c 'import pip' 2>/dev/null; then exit 0; fi; \
found=''; \
for python in $(if $(PYTHON),"$(PYTHON)",python3.14 python3.13 python3.12 python3.11 python3 python); do \
    version=`"$$python" -c 'import sys; v = sys.version_info; print("%d.%d" % v[:2] if v >= (3, 11) else "")' 2>/dev/null`; \
    if [ -z "$$version" ]; then continue; fi; \
    found="$$version"; \
    if "$$python" -c 'import ensurepip, venv' 2>/dev/null; then \
        exec "$$python" -m venv --clear $(VENV); \
    fi; \
done; \
if [ -n "$$found" ]; then \
    echo "Python $$found is here, but cannot make environments (no ensurepip): install its venv package (Debian, Ubuntu: apt install python$$found-venv), then call make again." >&2; \
else \
    echo 'media-monitor needs Python 3.11 or newer, and there is none$(if $(PYTHON), at $(PYTHON)): install one (Debian, Ubuntu: apt install python3 python3-venv; macOS: brew install python), then call make again.' >&2; \
fi; \
exit 1
endef
