"""The certificate balances, or says why not."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.core.batches import Certificate
from hub.core.errors import LandingError
from quality import certificate

GOOD = Certificate("b-1", "housing", "cases", 10, 5, 2, 1, 2, 0, "5:aa", "5:aa")
ROW = {
    "batch_id": "b-1", "department": "housing", "dataset": "cases", "rows_read": 10, "landed": 5, "unchanged": 2,
    "superseded": 1, "quarantined": 2, "rejected": 0, "checksum_read": "5:aa", "checksum_landed": "5:aa",
    "issued_at": datetime(2012, 12, 31, 15, 59, 59, tzinfo=UTC),
}  # fmt: skip


def test_a_balanced_certificate_passes() -> None:
    certificate.balance(GOOD)


@given(
    st.sampled_from(["read", "landed", "unchanged", "superseded", "quarantined", "rejected"]),
    st.integers(-10, 10).filter(bool),
)
@settings(max_examples=30)
def test_one_row_too_many_or_too_few_anywhere_is_refused(field: str, more: int) -> None:
    with pytest.raises(LandingError):
        certificate.balance(replace(GOOD, **{field: getattr(GOOD, field) + more}))


def test_two_wrongs_that_sum_up_are_still_refused() -> None:
    with pytest.raises(LandingError, match="negative"):
        certificate.balance(replace(GOOD, landed=8, unchanged=-1))


def test_a_batch_that_was_rejected_balances_with_the_fifth_fate() -> None:
    nothing = {"landed": 0, "unchanged": 0, "superseded": 0, "quarantined": 0}
    certificate.balance(replace(GOOD, **nothing, rejected=10))
    with pytest.raises(LandingError, match="9 rejected"):
        certificate.balance(replace(GOOD, **nothing, rejected=9))
    text = certificate.render(ROW | nothing | {"rejected": 10})
    assert "拒收" in text
    assert text.count("成立 holds") == 2


def test_different_checksums_are_refused_and_the_message_says_what_where_and_what_next() -> None:
    with pytest.raises(LandingError) as refused:
        certificate.balance(replace(GOOD, checksum_landed="5:bb"))
    message = str(refused.value)
    assert "5:aa" in message
    assert "5:bb" in message
    assert "housing/cases" in message
    assert "nothing was committed" in message


def test_it_renders_for_people_in_both_languages_and_local_time() -> None:
    text = certificate.render(ROW)
    assert "数据入库凭证" in text
    assert "Certificate" in text
    assert "2012-12-31 23:59:59" in text
    assert text.count("成立 holds") == 2


def test_a_certificate_that_does_not_balance_says_so() -> None:
    assert "DOES NOT HOLD" in certificate.render(ROW | {"landed": 4})
    assert certificate.document(ROW | {"landed": 4})["balanced"] is False
    assert certificate.document(ROW | {"checksum_landed": "x"})["checksums_agree"] is False


def test_it_renders_for_machines() -> None:
    document = certificate.document(ROW)
    assert json.loads(json.dumps(document))["read"] == 10
    assert certificate.document({**ROW, "read": 10}) == document
