#!/usr/bin/env bash
# Recompile the hashed lock files: dev.txt holds everything but Spark (400 MB that few need); one file per extra, pinned
# to the same versions, for workers that install only what they run.
set -euo pipefail
cd "$(dirname "$0")/.."
uv=$(command -v uv || echo .uv/bin/uv)
compile() { "$uv" pip compile --quiet --generate-hashes --python-version 3.11 --no-annotate "$@"; }
echo uv | compile - -o requirements/bootstrap.txt
extras="airflow quality oracle odbc s3 mysql http soap sftp push"
# shellcheck disable=SC2046
compile pyproject.toml $(printf -- '--extra %s ' $extras) --group dev -o requirements/dev.txt
compile pyproject.toml -c requirements/dev.txt -o requirements/base.txt
for extra in $extras spark; do
    compile pyproject.toml --extra "$extra" -c requirements/dev.txt -o "requirements/$extra.txt"
done
compile pyproject.toml --group bench -c requirements/dev.txt -o requirements/bench.txt
