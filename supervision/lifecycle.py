"""The procedure of a finding between supervision office and department, as `lifecycle.yml` states it.

An action is planned (may it be done, by whom, to which findings, until when must the next answer come) and then taken:
state and deadline change and the action is appended to the log, in the caller's transaction. Nothing is deleted.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pydantic import Field
from sqlalchemy import Connection, text

from hub.core.errors import HubError
from hub.core.privacy import mask_message
from hub.core.specs import Spec, read_yaml
from supervision import chain, selection
from supervision.preparation import local_time
from supervision.selection import Selection

LIFECYCLE = Path(__file__).parent / "lifecycle.yml"
OFFICE = "supervision"
"""What an actor of the supervision office gives as office; a department's gives its slug."""
SAME = "same"


class TransitionRefused(HubError):
    """The procedure does not allow this action now, or not by this office. Nothing was changed."""


class State(Spec):
    """A state of the procedure; `acts`: who has to act next, None when the procedure is over."""

    zh: str
    en: str
    acts: Literal["supervision", "department"] | None = None


class Deadline(Spec):
    """Working days for whoever must act next, the day of the action not counted."""

    working_days: int = Field(ge=1)
    zh: str
    en: str
    source: str


class EngineAction(Spec):
    """From which states it leads where."""

    zh: str
    en: str
    leaves: tuple[str, ...] = Field(alias="from")
    to: str


class Action(EngineAction):
    """What a person does, see `lifecycle.yml`."""

    by: Literal["supervision", "department"]
    needs: tuple[Literal["reason", "text"], ...] = ()
    sets: str | None = None
    once_overdue: tuple[str, ...] = ()
    judged: tuple[str, ...] = ("violation", "compliant", "not_evaluable", "not_judged")


class Lifecycle(Spec):
    """The whole graph."""

    version: int
    states: dict[str, State]
    deadlines: dict[str, Deadline]
    actions: dict[str, Action]
    engine: dict[str, EngineAction]

    def allowed(self, state: str) -> list[str]:
        """Actions that lead out of the state."""
        return [name for name, action in self.actions.items() if state in action.leaves]


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a person's name, and `supervision` or the slug of the department that it speaks for."""

    name: str
    office: str


@dataclass(frozen=True, slots=True)
class Step:
    """An action that may be taken. `states`: finding → its state now; `skipped`: state → findings met there that the
    action does not apply to (only when they were not named one by one)."""

    action: str
    actor: Actor
    at: datetime
    states: dict[str, str]
    skipped: dict[str, int]
    state_to: str
    respond_by: date | None
    said: dict[str, str]


@cache
def lifecycle(path: Path = LIFECYCLE) -> Lifecycle:
    """The procedure as read from its file. Raises SpecError when it is not consistent in itself."""
    source = read_yaml(path)
    spec = source.parse(Lifecycle)
    for group, actions in (("actions", spec.actions), ("engine", spec.engine)):
        for name, action in actions.items():
            unknown = {*action.leaves, action.to} - set(spec.states) - {SAME}
            if unknown or (action.to == SAME and group == "actions"):
                raise source.error(f"{name}: no state {sorted(unknown) or SAME}", (group, name))
    for name, person in spec.actions.items():
        if person.sets is not None and person.sets not in spec.deadlines:
            raise source.error(f"{name}: no deadline {person.sets}", ("actions", name))
    return spec


def act(
    connection: Connection,
    action: str,
    actor: Actor,
    chosen: Selection,
    *,
    reason: str | None = None,
    statement: str | None = None,
    at: datetime | None = None,
) -> Step:
    """Plan an action and take it. Arguments and errors are those of `plan`."""
    step = plan(connection, action, actor, chosen, reason=reason, statement=statement, at=at)
    take(connection, step)
    return step


def plan(
    connection: Connection,
    action: str,
    actor: Actor,
    chosen: Selection,
    *,
    reason: str | None = None,
    statement: str | None = None,
    at: datetime | None = None,
) -> Step:
    """What an action would do now (`at`, naive: Asia/Shanghai), holding the lock on findings.

    Findings named by id must all allow it; of those chosen by a filter the ones that do are taken. `reason` is the
    office's, `statement` the department's; what looks like an identity or phone number in them is hidden. Raises
    TransitionRefused when the action is unknown or not allowed, HubError for an unknown id.
    """
    moment = local_time(at or datetime.now(UTC))
    rule = _action(action)
    said = _said(action, rule, actor, {"reason": reason, "text": statement})
    if chosen.is_empty:
        raise TransitionRefused(
            "no finding is named", remedy="give ids, or a department, rule, level or state"
        )
    chain.lock(connection)
    found = selection.standing(connection, chosen)
    for row in found:
        _check_office(action, rule, actor, row["department"])
    refused = {row["finding_id"]: _why_not(rule, row, moment.date()) for row in found}
    first = next((row for row in found if refused[row["finding_id"]]), None)
    if first is not None and chosen.ids:
        raise _refusal(action, first, str(refused[first["finding_id"]]))
    return Step(
        action=action,
        actor=replace(actor, name=mask_message(actor.name.strip())),
        at=moment,
        states={r["finding_id"]: r["state"] for r in found if not refused[r["finding_id"]]},
        skipped=dict(Counter(r["state"] for r in found if refused[r["finding_id"]])),
        state_to=rule.to,
        respond_by=_respond_by(connection, rule, moment.date()),
        said=said,
    )


def take(
    connection: Connection, step: Step, noted: Mapping[str, Mapping[str, Any]] | None = None
) -> None:
    """Take the planned action, in the transaction in which it was planned. `noted`: more to log, by finding."""
    if not step.states:
        return
    connection.execute(
        text("""
            update supervision.finding set state = :state_to, respond_by = :respond_by
            where finding_id = any (cast(:ids as uuid[]))
        """),
        {"state_to": step.state_to, "respond_by": step.respond_by, "ids": list(step.states)},
    )
    common: dict[str, Any] = {"office": step.actor.office, **step.said}
    if step.respond_by is not None:
        common["respond_by"] = step.respond_by.isoformat()
    chain.append(
        connection,
        [
            chain.FindingEvent(
                finding_id, step.at, step.actor.name, step.action, state, step.state_to,
                json.dumps({**common, **(noted or {}).get(finding_id, {})}, ensure_ascii=False),
            )
            for finding_id, state in step.states.items()
        ],
    )  # fmt: skip
    chain.seal(connection)


def working_day_after(connection: Connection, day: date, working_days: int) -> date:
    """The day on which a period of so many working days ends, the first day not counted. Raises HubError when the
    legal calendar does not reach so far."""
    found = connection.scalar(
        text("""
            select min(later.date) from reference.calendar_day today
            join reference.calendar_day later on later.is_workday and later.work_index = today.work_index + :days
            where today.date = :day
        """),
        {"day": day, "days": working_days},
    )
    if found is None:
        raise HubError(
            f"the legal calendar does not reach {working_days} working days after {day}",
            where="reference.calendar_day", remedy="take a release with a later calendar",
        )  # fmt: skip
    return date.fromisoformat(str(found))


def _action(name: str) -> Action:
    spec = lifecycle()
    if name not in spec.actions:
        raise TransitionRefused(f"no action '{name}'", remedy=f"known: {', '.join(spec.actions)}")
    return spec.actions[name]


def _said(name: str, rule: Action, actor: Actor, given: Mapping[str, str | None]) -> dict[str, str]:
    """What was stated, masked. Raises TransitionRefused when something required is missing."""
    said = {
        key: mask_message(value.strip()) for key, value in given.items() if value and value.strip()
    }
    missing = [key for key in rule.needs if key not in said]
    if missing or not actor.name.strip() or not actor.office.strip():
        what = missing[0] if missing else "actor's name and office"
        raise TransitionRefused(
            f"{name} needs a {what}", remedy="say who acts, for which office, and why"
        )
    if actor.name.strip() == "hub":
        raise TransitionRefused(
            "'hub' is the name of the engine itself", remedy="give a person's name"
        )
    return said


def _check_office(name: str, rule: Action, actor: Actor, department: str) -> None:
    needed = OFFICE if rule.by == OFFICE else department
    if actor.office != needed:
        raise TransitionRefused(
            f"{name} is for {needed}, not for {actor.office}",
            remedy=f"an action of the {'supervision office' if rule.by == OFFICE else 'department itself'}",
        )


def _why_not(rule: Action, row: Mapping[str, Any], today: date) -> str | None:
    if row["state"] not in rule.leaves:
        return f"it is {row['state']}"
    if row["judged"] not in rule.judged:
        return f"the rule no longer says so (judged {row['judged']})"
    if row["state"] in rule.once_overdue and (
        row["respond_by"] is None or today <= row["respond_by"]
    ):
        return f"the department may answer until {row['respond_by']}"
    return None


def _refusal(action: str, row: Mapping[str, Any], why: str) -> TransitionRefused:
    now = lifecycle().allowed(row["state"])
    return TransitionRefused(
        f"cannot {action}: {why}", where=f"finding {row['finding_id']}",
        remedy=f"from {row['state']} one may: {', '.join(now) or 'nothing'}",
    )  # fmt: skip


def _respond_by(connection: Connection, rule: Action, today: date) -> date | None:
    if rule.sets is None:
        return None
    return working_day_after(connection, today, lifecycle().deadlines[rule.sets].working_days)
