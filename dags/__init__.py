"""Airflow's DAG files: thin, no logic. What the tasks do lives in `hub.pipeline`."""
