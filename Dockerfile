# The hub with Airflow, for docker-compose.yml. Not built or run in this project's CI, which has no Docker engine.
FROM python:3.11-slim-bookworm
RUN useradd --create-home hub
WORKDIR /opt/hub
# What departments' systems need beside Python: ODBC with the drivers that Debian has, and the reader of Access files.
RUN apt-get update \
 && apt-get install -y --no-install-recommends unixodbc odbc-postgresql odbc-mariadb tdsodbc mdbtools \
 && rm -rf /var/lib/apt/lists/*
COPY requirements/ requirements/
RUN for extra in airflow quality s3 mysql odbc oracle http soap sftp push; do \
      pip install --no-cache-dir --require-hashes -r requirements/$extra.txt || exit 1; \
    done
COPY . .
RUN pip install --no-cache-dir --no-deps . && rm -rf /opt/hub/.venv
USER hub
ENV AIRFLOW__CORE__LOAD_EXAMPLES=False \
    AIRFLOW__USAGE_DATA_COLLECTION__ENABLED=False \
    GX_ANALYTICS_ENABLED=False
CMD ["bash", "-c", "airflow db migrate && hub migrate && hub pools --json > /tmp/pools.json && airflow pools import /tmp/pools.json && exec airflow standalone"]
