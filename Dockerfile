# The hub with Airflow, for docker-compose.yml. Not built or run in this project's CI, which has no Docker engine.
FROM python:3.11-slim-bookworm
RUN useradd --create-home hub
WORKDIR /opt/hub
COPY requirements/airflow.txt requirements/quality.txt requirements/s3.txt requirements/
RUN pip install --no-cache-dir --require-hashes -r requirements/airflow.txt \
 && pip install --no-cache-dir --require-hashes -r requirements/quality.txt \
 && pip install --no-cache-dir --require-hashes -r requirements/s3.txt
COPY . .
RUN pip install --no-cache-dir --no-deps . && rm -rf /opt/hub/.venv
USER hub
ENV AIRFLOW__CORE__LOAD_EXAMPLES=False \
    AIRFLOW__USAGE_DATA_COLLECTION__ENABLED=False \
    GX_ANALYTICS_ENABLED=False
CMD ["bash", "-c", "airflow db migrate && hub migrate && hub pools --json > /tmp/pools.json && airflow pools import /tmp/pools.json && exec airflow standalone"]
