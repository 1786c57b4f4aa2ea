#!/usr/bin/env bash
# A Spark standalone cluster of one master and two workers on loopback, in the foreground: Ctrl-C stops it.
# PYTHON: an interpreter with pyspark (default .venv-spark/bin/python). MEMORY: of each worker (default 1500m).
set -euo pipefail
cd "$(dirname "$0")/.."
python=${PYTHON:-.venv-spark/bin/python}
SPARK_HOME=$("$python" -c 'import os, pyspark; print(os.path.dirname(pyspark.__file__))')
work=$(mktemp -d)
export SPARK_HOME SPARK_DAEMON_MEMORY=256m SPARK_LOCAL_IP=127.0.0.1 SPARK_NO_DAEMONIZE=1
start() { "$SPARK_HOME/bin/spark-class" "org.apache.spark.deploy.$@" & pids+=($!); }
pids=()
trap 'kill "${pids[@]}" 2>/dev/null; wait; rm -rf "$work"' EXIT
trap 'exit 0' INT TERM
start master.Master --host 127.0.0.1 --port 7077 --webui-port 8080
for worker in 1 2; do
  start worker.Worker --host 127.0.0.1 --webui-port $((8080 + worker)) --cores 1 --memory "${MEMORY:-1500m}" \
    --work-dir "$work/$worker" spark://127.0.0.1:7077
done
echo "hub supervise --engine spark --spark-master spark://127.0.0.1:7077"
wait
