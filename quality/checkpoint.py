"""Great Expectations judges working tables: a checkpoint of one validation per table, and its Data Docs pages.

It takes 8 to 13 seconds to import, so it is imported when a checkpoint runs. It calls nobody: analytics are off, its
context lives in memory only, and the warehouse's address never reaches a file.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import make_url

from hub.core.privacy import mask_message
from hub.core.settings import TIME_ZONE
from quality.data_docs import detached
from quality.expected import Expected

_POSITION = "position"
_SESSION = f"-c timezone={TIME_ZONE} -c work_mem=128MB"
_COUNTS_ONLY = {"result_format": "BASIC", "partial_unexpected_count": 0}


@dataclass(frozen=True, slots=True)
class Asked:
    """One expectation put to Great Expectations for some departments; `whole`: the table has no others."""

    expected: Expected
    departments: tuple[str, ...]
    mostly: float = 1.0
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What it said: how many rows were unexpected; or why it could not say."""

    success: bool
    unexpected: int
    error: str = ""


Judge = Callable[[str, Sequence[Asked], Path], list[Answer]]
"""Judges one working table by name, writes its page, and answers in the order of the questions."""


def import_library() -> None:
    """Import Great Expectations, which calls nobody."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    import great_expectations  # noqa: F401


@contextmanager
def opened(warehouse_url: str, schema: str) -> Iterator[Judge]:
    """Great Expectations at work on the working tables of one schema."""
    import_library()
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig

    context: Any = gx.get_context(mode="ephemeral")
    quiet = ProgressBarsConfig(globally=False, metric_calculations=False)
    context.variables.progress_bars = quiet
    source = context.data_sources.add_postgres(
        "warehouse", connection_string=_gx_url(warehouse_url), create_temp_table=False
    )

    def judge(table: str, asked: Sequence[Asked], page: Path) -> list[Answer]:
        asset = source.add_table_asset(table, table_name=table, schema_name=schema)
        result = _result(context, asset, asked)
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_bytes(detached(_rendered(result), table))
        answers = {
            one.expectation_config.meta[_POSITION]: _answer(one.success, one) for one in result.results
        }  # fmt: skip
        silent = Answer(False, 0, "no result")
        return [answers.get(position, silent) for position in range(len(asked))]

    try:
        yield judge
    finally:
        source.get_engine().dispose()
        source.get_execution_engine().engine.dispose()


def _result(context: Any, asset: Any, asked: Sequence[Asked]) -> Any:
    """What a checkpoint of one validation says of the asset."""
    import great_expectations as gx

    expectations = [_put(position, one) for position, one in enumerate(asked)]
    definition = gx.ValidationDefinition(
        name=asset.name,
        data=asset.add_batch_definition_whole_table("all"),
        suite=context.suites.add(gx.ExpectationSuite(asset.name, expectations=expectations)),
    )
    checkpoint = gx.Checkpoint(
        name=asset.name,
        validation_definitions=[context.validation_definitions.add(definition)],
        result_format=_COUNTS_ONLY,
    )
    (result,) = context.checkpoints.add(checkpoint).run().run_results.values()
    return result


def _gx_url(warehouse_url: str) -> str:
    """The URL with the driver that we have, and with a host even for a unix socket, which GX insists on."""
    url = make_url(warehouse_url)
    if url.drivername == "postgresql":
        url = url.set(drivername="postgresql+psycopg")
    url = url.set(host=url.host or "localhost")
    given = url.query.get("options", "")
    options = " ".join((*([given] if isinstance(given, str) else given), _SESSION)).strip()
    return url.update_query_dict({"options": options}).render_as_string(hide_password=False)


def _put(position: int, asked: Asked) -> Any:
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration
    from great_expectations.expectations.metadata_types import FailureSeverity

    expected = asked.expected
    return ExpectationConfiguration(
        type=expected.type,
        kwargs=_kwargs(asked),
        meta={_POSITION: position, "id": expected.id},
        description=f"{expected.zh}　{expected.en}　[{expected.id}]{_for(asked)}",
        severity=FailureSeverity(expected.severity),
    ).to_domain_obj()


def _kwargs(asked: Asked) -> dict[str, Any]:
    from great_expectations.expectations.row_conditions import Column

    if asked.expected.rows is None:
        query = (
            f"select row_key from {{batch}} where expectation = '{asked.expected.id}' and not holds"  # noqa: S608
        )
        return {"unexpected_rows_query": query}
    kwargs = dict(asked.expected.rows.kwargs)
    if asked.mostly < 1:
        kwargs["mostly"] = asked.mostly
    if not asked.whole:
        kwargs["row_condition"] = Column("department").is_in(list(asked.departments))
    return kwargs


def _for(asked: Asked) -> str:
    share = f"　≥ {asked.mostly:.1%}" if asked.mostly < 1 else ""
    return share if asked.whole else f"　{'、'.join(asked.departments)}{share}"


def _answer(success: bool | None, found: Any) -> Answer:
    if error := _exception(found.exception_info):
        return Answer(False, 0, error)
    result: Mapping[str, Any] = found.result or {}
    if result.get("element_count") == 0:  # no row of those departments: no count either
        return Answer(success is True, 0)
    unexpected = result.get("unexpected_count", result.get("observed_value"))
    if unexpected is None:
        return Answer(False, 0, "no count")
    return Answer(success is True, int(unexpected))


def _exception(info: Mapping[str, Any] | None) -> str:
    """The first exception's message, or nothing. GX gives one object, or one per metric."""
    infos = [info] if info and "raised_exception" in info else list((info or {}).values())
    for each in infos:
        if each.get("raised_exception"):
            lines = str(each.get("exception_message") or "raised an exception").splitlines()
            return mask_message(lines[0][:200])
    return ""


def _rendered(result: Any) -> str:
    from great_expectations.render.renderer.page_renderer import ValidationResultsPageRenderer
    from great_expectations.render.view.view import DefaultJinjaPageView

    view: Any = DefaultJinjaPageView()
    return str(view.render(ValidationResultsPageRenderer().render(result)))
