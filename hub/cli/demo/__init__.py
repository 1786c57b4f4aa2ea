"""`hub demo`: a county with known defects, run through Airflow, compared with the generator's truth."""
