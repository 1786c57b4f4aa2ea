"""Which findings are meant: named by their ids, or by department, rule, level and state."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from hub.core.errors import HubError

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Selection:
    """Findings that meet all of what is given; `ids` may be cut short as long as they stay unambiguous."""

    ids: tuple[str, ...] = ()
    department: str | None = None
    rule: str | None = None
    level: str | None = None
    state: str | None = None
    overdue_on: date | None = None
    """Only those where somebody had to act before this day."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing is given, so that all findings are meant."""
        return not any(getattr(self, field.name) for field in fields(self))


_WHERE = """
    (cast(:ids as uuid[]) is null or f.finding_id = any (cast(:ids as uuid[])))
    and (cast(:department as text) is null or f.department = :department)
    and (cast(:rule as text) is null or f.rule_id = :rule)
    and (cast(:level as text) is null or f.level = :level)
    and (cast(:state as text) is null or f.state = :state)
    and (cast(:overdue_on as date) is null or f.respond_by < :overdue_on)
"""

_ROWS = f"""
    select
        cast(f.finding_id as text) as finding_id, f.rule_id, f.rule_version, r.title_zh, r.title_en, r.basis,
        r.spec -> 'remedy' ->> 'zh' as remedy_zh, r.spec -> 'answers' ->> 'zh' as answers_zh,
        f.subject, f.level, f.state, f.judged, f.department,
        coalesce(d.title_zh, f.department) as department_zh, f.power_code, p.name as power_name,
        f.facts ->> 'source_case_no' as source_case_no, f.facts, f.limit_value, f.limit_unit, f.elapsed, f.due_on,
        f.respond_by, f.first_seen, f.last_seen
    from supervision.finding f
    left join supervision.rule r on r.rule_id = f.rule_id and r.version = f.rule_version
    left join reference.department d on d.department = f.department
    left join lateral (
        select p.name from catalogue.power p
        where p.power_code = f.power_code
        order by p.version = (f.facts ->> 'power_version')::int desc nulls last, p.version desc limit 1
    ) p on true
    where {_WHERE}
    order by
        array_position(array['red', 'yellow', 'warning', 'notice'], f.level), f.department, f.rule_id,
        f.subject collate "C", f.finding_id
"""  # noqa: S608 (constants of our own)


def rows(connection: Connection, selection: Selection, limit: int | None = None) -> list[Row]:
    """Findings with the names of their rule, department and power, the gravest first. No applicant is among them."""
    binds = _binds(connection, selection)
    found = connection.execute(text(f"{_ROWS} limit :limit"), binds | {"limit": limit})
    return [dict(row) for row in found.mappings()]


def count(connection: Connection, selection: Selection) -> int:
    """How many findings are meant."""
    sql = f"select count(*) from supervision.finding f where {_WHERE}"  # noqa: S608 (constants of our own)
    return int(connection.scalar(text(sql), _binds(connection, selection)) or 0)


def standing(connection: Connection, selection: Selection) -> list[Row]:
    """Where these findings stand in their procedure: finding_id, department, state, judged, respond_by."""
    sql = f"""
        select cast(f.finding_id as text) as finding_id, f.department, f.state, f.judged, f.respond_by
        from supervision.finding f where {_WHERE} order by f.subject collate "C", f.finding_id
    """  # noqa: S608 (constants of our own)
    return [
        dict(row) for row in connection.execute(text(sql), _binds(connection, selection)).mappings()
    ]


def _binds(connection: Connection, selection: Selection) -> dict[str, Any]:
    named = {
        field.name: getattr(selection, field.name) for field in fields(selection) if field.name != "ids"
    }  # fmt: skip
    return named | {"ids": whole_ids(connection, selection.ids) if selection.ids else None}


_LOWEST, _HIGHEST = str(UUID(int=0)), str(UUID(int=2**128 - 1))


def whole_ids(connection: Connection, written: Iterable[str]) -> list[str]:
    """The findings that these ids, or beginnings of ids, name, in their order, each once.

    Raises HubError for one that names none or several.
    """
    named = [one.strip().lower() for one in written]
    found = connection.execute(
        text("""
            select array_agg(cast(f.finding_id as text)) filter (where f.finding_id is not null)
            from unnest(cast(:low as uuid[]), cast(:high as uuid[])) with ordinality as w (low, high, position)
            left join supervision.finding f on f.finding_id between w.low and w.high
            group by w.position order by w.position
        """),
        {
            "low": [_filled(one, _LOWEST) for one in named],
            "high": [_filled(one, _HIGHEST) for one in named],
        },
    )
    ids = []
    for one, matching in zip(named, found.scalars(), strict=True):
        if not matching or len(matching) > 1:
            raise HubError(
                f"{'several findings begin' if matching else 'no finding begins'} with '{one}'",
                remedy="hub findings list --json shows whole ids",
            )
        ids.append(str(matching[0]))
    return list(dict.fromkeys(ids))


def _filled(beginning: str, digits: str) -> str:
    """A whole id that begins so."""
    if not re.fullmatch(r"[0-9a-f-]{1,36}", beginning):
        raise HubError(f"'{beginning}' is no finding's id", remedy="hub findings list shows them")
    try:
        return str(UUID(beginning + digits[len(beginning) :]))
    except ValueError:
        raise HubError(
            f"'{beginning}' is no finding's id", remedy="hub findings list shows them"
        ) from None
