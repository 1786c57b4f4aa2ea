# Two commands for a newcomer: `make demo` and `make test`. Everything else is for those who work here.
SHELL := /bin/bash
PY := .venv/bin/python
CODE := hub catalogue connectors mappings quality warehouse supervision demo dags

.PHONY: demo test conformance crash system-packages check format lint types imports lock clean setup bench-ingest

setup: .venv/.synced

.venv/.synced: requirements/dev.txt requirements/bootstrap.txt pyproject.toml scripts/bootstrap.sh
	bash scripts/bootstrap.sh

demo: setup
	.venv/bin/hub demo

test: setup
	$(PY) -m pytest -n 2 --dist loadfile

# Every connector on real servers; ends with a line of JSON. What the machine lacks is skipped with the reason.
conformance: setup
	$(PY) -m pytest -n 2 --dist loadfile tests/conformance

# Runs killed at every point while the sources change; ends with a line of JSON. KILLS=20 make crash for a short one.
crash: setup
	$(PY) -m tests.crash --kills $(or $(KILLS),200)

system-packages:
	bash scripts/system-packages.sh

check: lint types imports test

format: setup
	.venv/bin/ruff format . && .venv/bin/ruff check --fix .

lint: setup
	.venv/bin/ruff format --check . && .venv/bin/ruff check .

types: setup
	.venv/bin/mypy $(CODE)

imports: setup
	.venv/bin/lint-imports

lock:
	bash scripts/lock.sh

clean:
	if [ -x .venv/bin/hub ]; then .venv/bin/hub stop --delete-data; fi; rm -rf "$${HUB_HOME:-.hub}"

# Takes an hour with both sizes, and the machine for itself. ROWS="1000000" for one of them; BENCH_FOLDER: a disk with 40 GB.
bench-ingest: setup .venv-bench/.synced
	.venv-bench/bin/python -m benchmarks.ingest --report docs/benchmarks.md $(if $(ROWS),--rows $(ROWS)) $(if $(BENCH_FOLDER),--folder $(BENCH_FOLDER))

# An environment of its own: the other tools pin what they like, and nothing of them reaches ours.
.venv-bench/.synced: requirements/bench.txt
	uv=$$(command -v uv || echo .uv/bin/uv); $$uv venv --quiet --allow-existing --python .venv/bin/python .venv-bench && \
	  $$uv pip sync --quiet --python .venv-bench/bin/python --require-hashes requirements/bench.txt && touch $@
