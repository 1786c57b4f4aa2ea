"""Retry by class of error: what may heal is retried, what needs a person fails at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from airflow.sdk.exceptions import AirflowFailException

from hub.core.errors import HubError, SourceUnavailable


@contextmanager
def retrying_only_what_may_heal() -> Iterator[None]:
    """SourceUnavailable passes through (Airflow retries); every other HubError fails the task for good."""
    try:
        yield
    except SourceUnavailable:
        raise
    except HubError as error:
        raise AirflowFailException(f"{type(error).__name__}: {error}") from None
