# `make` sets up .venv and clusters the photographs in tests/data/photos; `make test` runs every test.
PYTHON ?= python3
BIN := .venv/bin
# Whole files side by side, so that what a file's tests share is made once.
SIDE_BY_SIDE := -n auto --maxprocesses 4 --dist loadfile

.PHONY: all setup setup-deep setup-test test check faults scale workers bench clean format

all: setup
	$(BIN)/snakemake

setup: .venv/base.done

setup-deep: .venv/deep.done

setup-test: .venv/test.done

.venv/base.done: requirements/base.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "icas needs Python 3.11 or newer; found " + sys.version.split()[0] + ": make PYTHON=python3.11")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/base.lock
	@$(BIN)/python -c 'import cv2' || { echo "icas: OpenCV needs system libraries; on Debian and Ubuntu: apt-get install libgl1 libglib2.0-0"; exit 1; }
	$(BIN)/python -m icas_core.similarity.ahead
	touch $@

.venv/deep.done: requirements/deep.lock .venv/base.done
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/deep.lock
	touch $@

.venv/test.done: requirements/test.lock .venv/base.done
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/test.lock
	tests/system_packages.sh
	touch $@

check: .venv/test.done
	$(BIN)/pre-commit run --all-files
	$(BIN)/python -m pytest -q $(SIDE_BY_SIDE) tests/unit

test: .venv/test.done
	$(BIN)/python -m pytest $(SIDE_BY_SIDE) -m "not alone" tests
	$(BIN)/python -m pytest -m alone tests

# Ten times the kills of `make test`, and every other fault: docs/faults.md
faults: .venv/test.done
	ICAS_KILLS=50 $(BIN)/python -m pytest --timeout 3600 tests/workflow/test_kill.py tests/workflow/test_faults.py tests/workflow/test_moving.py

# Planning a million pictures: docs/scale.md
scale: .venv/test.done
	ICAS_PICTURES=1000000 $(BIN)/python -m pytest -s --timeout 3600 tests/workflow/test_plan_scale.py

# make workers PHOTOS=folder: what a second worker brings, of this machine's cores and of Slurm's nodes: docs/scale.md
workers: .venv/test.done
	$(BIN)/python -m tests.slurm.workers $(or $(PHOTOS),$(error make workers PHOTOS=a folder of a thousand pictures or more))

# make bench QUICK=1: the same rows in under three minutes; make bench END_TO_END=photos: also whole runs beside others'
bench: setup
	$(BIN)/python -m icas_core.bench $(if $(QUICK),--quick) $(if $(PICTURES),--pictures $(PICTURES)) \
	$(if $(END_TO_END),--end-to-end $(END_TO_END)) --json docs/benchmarks.json --page docs/benchmarks.md

format: .venv/test.done
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/snakefmt Snakefile workflow

clean:
	@for journal in results/*/moved/journal.jsonl; do if [ -e "$$journal" ]; then \
	echo "icas: $$journal: pictures have been moved there; bring them back with 'snakemake undo_move' first" >&2; exit 1; fi; done
	rm -rf .venv .snakemake .pytest_cache .mypy_cache .ruff_cache .import_linter_cache results/photos
	find . -name __pycache__ -type d -not -path './results/*' -prune -exec rm -rf {} +
