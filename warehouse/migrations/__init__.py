"""Alembic migrations. Each revision is frozen: it says what to do in its own words, never through today's tables."""
