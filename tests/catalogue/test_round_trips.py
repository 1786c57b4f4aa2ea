"""Whatever an item says, it comes back the same from its YAML text and from a workbook."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

import catalogue
from catalogue import codes, loading, writing
from catalogue.forms import importing, rows, workbook
from catalogue.spec import Discretion, Fee, Limit, Material, Power, PowerVersion, RiskPoint, Step

WORDS = loading.step_words(codes.ROOT)
CONTENT = loading.read(codes.ROOT)
BASE = catalogue.load().powers["36012100GT-QR-0001"]
TEXTS = (
    st.text("审批登记土地：；，。《》〔〕1 0aA.-:#'\"{}[],&*!|>%@`?=~_\\/", min_size=1, max_size=24)
    .map(str.strip)
    .filter(bool)
)
LIMITS = st.builds(
    Limit, value=st.integers(1, 400),
    unit=st.sampled_from(["working_day", "calendar_day", "hour", "minute", "month"]),
)  # fmt: skip
MONEY = st.integers(0, 10**15 - 1).map(lambda cents: Decimal(cents) / 100)
FLAGS = st.booleans()


def numbered(form: str, part: st.SearchStrategy[object]) -> st.SearchStrategy[tuple[object, ...]]:
    """Up to four parts with codes of that form."""
    return st.lists(part, max_size=4).map(
        lambda parts: tuple(one.model_copy(update={"code": form.format(n)}) for n, one in enumerate(parts, 1))  # type: ignore[attr-defined]
    )  # fmt: skip


AMOUNTS = st.tuples(MONEY, MONEY).map(sorted)
FEES = st.builds(
    lambda amounts, name, unit, basis, reducible: Fee(
        code="F1", name=name, standard_min=amounts[0], standard_max=amounts[1], unit=unit,
        basis=basis, reducible=reducible,
    ),
    AMOUNTS, TEXTS, TEXTS, TEXTS, FLAGS,
)  # fmt: skip
STEPS = st.lists(st.sampled_from(sorted(WORDS)), unique=True, max_size=6).flatmap(
    lambda chosen: st.tuples(
        *(
            st.builds(
                Step, code=st.just(code), name=st.just(WORDS[code].name) | TEXTS, post=TEXTS,
                authority=TEXTS, limit=st.none() | LIMITS, kind=st.just(WORDS[code].kind),
                mandatory=FLAGS, special=FLAGS,
            )
            for code in chosen
        )
    )
)  # fmt: skip
CHANGES = st.fixed_dictionaries(
    {
        "name": TEXTS, "content": TEXTS, "conditions": TEXTS, "service_object": TEXTS,
        "supervision_channel": TEXTS, "basis": st.lists(TEXTS, min_size=1, max_size=3).map(tuple),
        "statutory_limit": LIMITS, "promised_limit": LIMITS, "charges": FLAGS, "on_platform": FLAGS,
        "result_name": st.none() | TEXTS, "consult_phone": st.none() | TEXTS, "why": st.none() | TEXTS,
        "case_kind": st.sampled_from(["instant", "promise", "joint", "reported"]),
        "steps": STEPS, "fees": numbered("F{}", FEES),
        "materials": numbered("{:02}", st.builds(Material, code=st.just("01"), name=TEXTS, required=FLAGS,
                                                 copies=st.integers(1, 9), issuer=TEXTS)),
        "discretion": numbered("{:02}", st.builds(Discretion, code=st.just("01"), description=TEXTS, penalty_kind=TEXTS,
                                                  min_amount=st.none() | MONEY.map(Decimal), max_amount=st.none() | MONEY)),
        "risk_points": numbered("GT_QR_{:03}", st.builds(RiskPoint, code=st.just("GT_QR_001"), step=st.sampled_from(sorted(WORDS)),
                                                         name=TEXTS.map(lambda t: t[:20].strip() or "险"), kind=st.sampled_from(["duty", "process"]),
                                                         level=st.sampled_from(["high", "medium", "low"]),
                                                         description=TEXTS, prevention=TEXTS)),
    }
)  # fmt: skip


@st.composite
def powers(draw: st.DrawFn) -> Power:
    """One power with up to three versions that say anything at all."""
    versions, begins = [], date(2012, 1, 1)
    for number in range(1, draw(st.integers(1, 3)) + 1):
        lasts = draw(st.integers(0, 400))
        ends = None if lasts == 0 else begins + timedelta(days=lasts)
        fixed = {"version": number, "effective_from": begins, "effective_to": ends}
        stated = BASE.versions[0].model_dump() | draw(CHANGES) | fixed
        versions.append(PowerVersion.model_validate(_plain(stated)))
        begins += timedelta(days=lasts + 1)
    level = draw(st.sampled_from(["county", "city", "town"]))
    return BASE.model_copy(update={"versions": tuple(versions), "level": level})


def _plain(stated: dict[str, object]) -> dict[str, object]:
    """Transitions only between steps that the version has."""
    known = {step.code for step in stated["steps"]}  # type: ignore[attr-defined]
    arrows = [t for t in stated["transitions"] if {t["from_step"], t["to_step"]} <= known]  # type: ignore[attr-defined]
    return stated | {"transitions": arrows}


@settings(max_examples=50, deadline=None)
@given(powers())
def test_the_yaml_text_says_what_the_power_says(power: Power) -> None:
    text = writing.text(power, WORDS, {})
    with TemporaryDirectory() as folder:
        path = Path(folder, "GT-QR-0001.yml")
        path.write_text(text, "utf-8")
        content = replace(CONTENT, powers=[])
        loading.read_item(path, content, WORDS)
    (again,) = content.powers
    assert again.power == power
    assert writing.text(again.power, WORDS, {}) == text


@settings(max_examples=20, deadline=None)
@given(powers())
def test_the_workbook_says_what_the_power_says(power: Power) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder, "forms.xlsx")
        workbook.write(path, rows.rows([power], catalogue.load().names()))
        assert importing.items_in(path) == [power]


def test_our_own_files_come_back_from_their_texts() -> None:
    """Rewriting a file of ours changes at most its layout: comments before a key stay, none is lost."""
    for item in [*CONTENT.powers, *CONTENT.disclosures]:
        path = codes.ROOT / "items" / loading.file_of(item.code)
        before = path.read_text("utf-8")
        kept, lost = writing.comments_of(before)
        assert lost == [], path
        after = writing.text(importing.item_of(item), WORDS, kept)
        for line in before.splitlines():
            if line.startswith("#"):
                assert line in after.splitlines(), path
