# Two commands for a newcomer: `make demo` and `make test`. Everything else is for those who work here.
SHELL := /bin/bash
PY := .venv/bin/python
CODE := hub catalogue connectors mappings quality warehouse supervision demo dags

.PHONY: demo test conformance crash mutate-rules spark system-packages check format lint types imports lock clean setup bench-ingest bench-rules

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

# Breaks every rule's SQL in every small way and runs the rule's own tests; ends with a line of JSON.
mutate-rules: setup
	$(PY) -m tests.mutation

# The same rules on Spark, in an environment of its own (400 MB): needs a Java 17, such as Debian's openjdk-17-jre-headless.
spark: setup .venv-spark/.synced
	.venv-spark/bin/python -m pytest tests/spark

.venv-spark/.synced: requirements/dev.txt requirements/spark.txt
	uv=$$(command -v uv || echo .uv/bin/uv); $$uv venv --quiet --allow-existing --python .venv/bin/python .venv-spark && \
	  $$uv pip install --quiet --python .venv-spark/bin/python --require-hashes -r requirements/dev.txt -r requirements/spark.txt && \
	  $$uv pip install --quiet --python .venv-spark/bin/python --no-deps --no-build-isolation --editable . && touch $@

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

# A million cases with five million events: all rules, the same checks by hand, PM4Py. CASES=100000 for a short one. Where
# `make spark` has been run, Spark too, on 200,000 cases; SPARK=spark://127.0.0.1:7077 for a cluster.
bench-rules: setup .venv-bench/.synced
	.venv-bench/bin/python -m benchmarks.rules --report docs/benchmarks.md $(if $(CASES),--cases $(CASES)) \
	  $(if $(wildcard .venv-spark/bin/python),--spark $(or $(SPARK),'local[2]'))

# An environment of its own: the other tools pin what they like, and nothing of them reaches ours.
.venv-bench/.synced: requirements/bench.txt
	uv=$$(command -v uv || echo .uv/bin/uv); $$uv venv --quiet --allow-existing --python .venv/bin/python .venv-bench && \
	  $$uv pip sync --quiet --python .venv-bench/bin/python --require-hashes requirements/bench.txt && touch $@
