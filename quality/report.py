"""The stewards' report: a Great Expectations checkpoint over whole tables of the warehouse, and its Data Docs.

It looks beside the road, after the landing; the gate is what keeps bad rows out. Great Expectations takes 6 to 13
seconds to import, so it is imported when the report runs, and it calls nobody: analytics off, pages self-contained.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import OperationalError

from hub.core.errors import LandingError, SourceUnavailable
from hub.core.privacy import mask_message
from quality import data_docs, suites
from quality.schemas import Codelists

SITE = "county"
_URL = "HUB_QUALITY_WAREHOUSE"
_POSITION = "position"
_COUNTS_ONLY = {"result_format": "BASIC", "partial_unexpected_count": 0}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one expectation. `rows` were judged, `unexpected` of them failed.

    `state`: met, failed, no_values (there was nothing to judge), not_evaluated (it raised, or gave no answer).
    """

    entity: str
    expected: suites.Expected
    state: str
    rows: int = 0
    unexpected: int = 0
    error: str = ""


def run(
    warehouse_url: str, home: Path, codelists: Codelists, folder: Path = suites.FOLDER
) -> dict[str, Any]:
    """Run the checkpoint over the entities that have a file in `folder` and publish Data Docs.

    Returns `expectations` (= evaluated + no_values + not_evaluated), `evaluated`, `failed`, `no_values`,
    `not_evaluated`, `rows` by entity, `data_docs` (path of the start page), `seconds`, and lists of JSON objects:
    `failures`, `errors` and `checks` (every expectation: rows evaluated, rows unexpected). No list carries a value
    of a case. Raises SpecError (YAML), SourceUnavailable (no warehouse), LandingError (tables are missing).
    """
    started = time.perf_counter()
    wanted = suites.load(codelists, folder)
    url = _gx_url(warehouse_url)
    _require_tables(url, wanted)
    project = home / "quality"
    context, pages = project / "gx", project / "data_docs"
    results = _checkpoint(url, project, pages, wanted)
    report = _document([each for suite in wanted for each in _outcomes(suite, results)])
    data_docs.prune(context, pages)
    report["data_docs"] = str(data_docs.publish(context, pages, report))
    report["seconds"] = round(time.perf_counter() - started, 2)
    return report


def _gx_url(warehouse_url: str) -> str:
    """The URL with the driver that we have, and with a host even for a unix socket, which GX insists on."""
    url = make_url(warehouse_url)
    if url.drivername == "postgresql":
        url = url.set(drivername="postgresql+psycopg")
    return url.set(host=url.host or "localhost").render_as_string(hide_password=False)


def _require_tables(url: str, wanted: Iterable[suites.Suite]) -> None:
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            for suite in wanted:
                table = f'core."{suite.entity.name}"'
                if connection.scalar(text("SELECT to_regclass(:t)"), {"t": table}) is None:
                    raise LandingError(f"{table} does not exist", remedy="migrate the warehouse")
    except OperationalError:
        raise SourceUnavailable(
            "the warehouse does not answer", remedy="start it, or correct HUB_WAREHOUSE_URL"
        ) from None
    finally:
        engine.dispose()


def _checkpoint(
    url: str, project: Path, pages: Path, wanted: Iterable[suites.Suite]
) -> dict[str, list[Any]]:
    """Entity → Great Expectations' results. Suites and assets are defined anew at each run: the YAML is the truth."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    import great_expectations as gx
    from great_expectations.checkpoint.actions import UpdateDataDocsAction
    from great_expectations.data_context.types.base import ProgressBarsConfig

    context = gx.get_context(mode="file", project_root_dir=project, runtime_environment={_URL: url})
    context.variables.progress_bars = ProgressBarsConfig(globally=False, metric_calculations=False)
    _set_site(context, pages)
    source = context.data_sources.add_or_update_postgres(
        "warehouse", connection_string=f"${{{_URL}}}", create_temp_table=False
    )
    definitions = []
    for suite in wanted:
        name = suite.entity.name
        asset = source.add_query_asset(name, query=suite.query)
        expectations = [_gx_expectation(*each) for each in enumerate(suite.expected)]
        defined = context.suites.add_or_update(gx.ExpectationSuite(name, expectations=expectations))
        definition = gx.ValidationDefinition(
            name=name, data=asset.add_batch_definition_whole_table("all"), suite=defined
        )
        definitions.append(context.validation_definitions.add_or_update(definition))
    checkpoint = gx.Checkpoint(
        name="warehouse",
        validation_definitions=definitions,
        actions=[UpdateDataDocsAction(name="pages", site_names=[SITE])],
        result_format=_COUNTS_ONLY,
    )
    result = context.checkpoints.add_or_update(checkpoint).run()
    return {found.suite_name: list(found.results) for found in result.run_results.values()}


def _set_site(context: Any, pages: Path) -> None:
    site = {
        "class_name": "SiteBuilder",
        "show_how_to_buttons": False,
        "store_backend": {
            "class_name": "TupleFilesystemStoreBackend",
            "base_directory": str(pages.resolve()),
        },
        "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
    }
    for name in list(context.get_site_names()):
        if name != SITE:
            context.delete_data_docs_site(name)
    if SITE in context.get_site_names():
        context.update_data_docs_site(SITE, site)
    else:
        context.add_data_docs_site(SITE, site)


def _gx_expectation(position: int, expected: suites.Expected) -> Any:
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration
    from great_expectations.expectations.metadata_types import FailureSeverity

    return ExpectationConfiguration(
        type=expected.type,
        kwargs=dict(expected.kwargs),
        meta={_POSITION: position},
        description=f"{expected.zh}　{expected.en}",
        severity=FailureSeverity(expected.severity),
    ).to_domain_obj()


def _outcomes(suite: suites.Suite, results: Mapping[str, list[Any]]) -> Iterator[Outcome]:
    """One outcome per expectation that was asked for, whether Great Expectations answered or not."""
    entity = suite.entity.name
    answers = {found.expectation_config.meta[_POSITION]: found for found in results.get(entity, [])}
    for position, expected in enumerate(suite.expected):
        answer = answers.get(position)
        if answer is None:
            yield Outcome(entity, expected, "not_evaluated", error="no result")
        else:
            yield _outcome(entity, expected, answer)


def _outcome(entity: str, expected: suites.Expected, answer: Any) -> Outcome:
    if error := _exception(answer.exception_info):
        return Outcome(entity, expected, "not_evaluated", error=error)
    result = answer.result or {}
    if not expected.columns:
        rows = int(result["observed_value"])
        state = "met" if answer.success is True else "failed"
        return Outcome(entity, expected, state, rows, 0)
    rows = int(result["element_count"]) - int(result.get("missing_count") or 0)
    unexpected = int(result["unexpected_count"])
    if rows == 0:
        return Outcome(entity, expected, "no_values")
    state = "met" if answer.success is True and unexpected == 0 else "failed"
    return Outcome(entity, expected, state, rows, unexpected)


def _exception(info: Mapping[str, Any] | None) -> str:
    """The first exception's message, or nothing. GX gives one object, or one per metric."""
    infos = [info] if info and "raised_exception" in info else list((info or {}).values())
    for each in infos:
        if each.get("raised_exception"):
            lines = str(each.get("exception_message") or "raised an exception").splitlines()
            return mask_message(lines[0][:200])
    return ""


def _document(outcomes: list[Outcome]) -> dict[str, Any]:
    states = [outcome.state for outcome in outcomes]
    checks = [_described(outcome) for outcome in outcomes]
    return {
        "expectations": len(outcomes),
        "evaluated": states.count("met") + states.count("failed"),
        "failed": states.count("failed"),
        "no_values": states.count("no_values"),
        "not_evaluated": states.count("not_evaluated"),
        "rows": {each.entity: each.rows for each in outcomes if not each.expected.columns},
        "failures": [check for check in checks if check["state"] == "failed"],
        "errors": [check for check in checks if check["state"] == "not_evaluated"],
        "checks": checks,
    }


def _described(outcome: Outcome) -> dict[str, Any]:
    return {
        "entity": outcome.entity,
        "expectation": outcome.expected.type,
        "columns": list(outcome.expected.columns),
        "zh": outcome.expected.zh,
        "en": outcome.expected.en,
        "severity": outcome.expected.severity,
        "state": outcome.state,
        "rows": outcome.rows,
        "unexpected": outcome.unexpected,
        **({"error": outcome.error} if outcome.error else {}),
    }
