"""The same rules on Apache Spark: their SQL translated, judged there, and handed back to PostgreSQL's keeping."""
