"""Identity numbers of applicants: forms, check digits, and the one spelling under which a person is known.

Resident identity number 18 and 15 digits (GB 11643), organisation code 9 (GB 11714), unified social credit code 18
(GB 32100), registration number of the industry and commerce administration 15 (GS15-2006, check by ISO 7064
MOD 11,10). Everything works on whole columns.
"""

from __future__ import annotations

import polars as pl

from hub.core import credit_codes
from hub.core.credit_codes import character, weighted
from mappings.forms import half_width

VALID, INVALID, ABSENT = "valid", "invalid", "absent"

RESIDENT_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
RESIDENT_CHECKS = "10X98765432"
ORGANISATION_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)

_RESIDENT = r"^[0-9]{17}[0-9X]$"
_FIFTEEN = r"^[0-9]{15}$"
_ORGANISATION = r"^[0-9A-Z]{8}[0-9X]$"
_HYPHENED = r"^([0-9A-Z]{8})-([0-9X])$"
_LOST = r"^[0-9]+(?:\.[0-9]+)?E\+[0-9]+$|^[0-9](?:\.[0-9]+)?E[0-9]{1,2}$"

_ORGANISATION_KINDS = ("enterprise", "institution", "social", "government")

EXAMINED_SCHEMA: dict[str, pl.DataType] = {
    "identity": pl.String(),
    "state": pl.String(),
    "reason": pl.String(),
}


def examine(numbers: pl.Series, kinds: pl.Series) -> pl.DataFrame:
    """Look at each applicant's number, given the canonical kind of applicant (may be null).

    `identity`: the number in its one spelling (half-width, upper case, no blanks or hyphen; 15 digits of a resident
    brought to 18), `state`: valid, invalid or absent, `reason`: identity_digits_lost, bad_identity or null. The kind
    decides only where two forms look alike: 18 digits, and 15 digits.
    """
    given = pl.DataFrame({"number": numbers.cast(pl.String), "kind": kinds.cast(pl.String)})
    plain = given.select(_spelling(pl.col("number")).alias("number"), "kind")
    number, kind = pl.col("number"), pl.col("kind")
    is_person = kind.eq_missing(pl.lit("person"))
    is_organisation = kind.is_in(_ORGANISATION_KINDS).fill_null(False)
    checked = plain.with_columns(
        resident=_resident(number),
        old_resident=_old_resident(number) & ~is_organisation,
        organisation=_organisation(number),
        credit=credit_codes.valid(number) & ~is_person,
        register=_register(number) & ~is_person,
        known=pl.any_horizontal(
            number.str.contains(form)
            for form in (_RESIDENT, _FIFTEEN, _ORGANISATION, credit_codes.FORM)
        ),
        lost=number.str.contains(_LOST),
    )
    valid = pl.any_horizontal("resident", "old_resident", "organisation", "credit", "register")
    return checked.select(
        identity=pl.when("old_resident").then(_upgraded(number)).otherwise(number),
        state=pl.when(number.is_null()).then(pl.lit(ABSENT))
        .when(valid).then(pl.lit(VALID)).otherwise(pl.lit(INVALID)),
        reason=pl.when("lost").then(pl.lit("identity_digits_lost"))
        .when(~pl.col("known")).then(pl.lit("bad_identity")),
    )  # fmt: skip


def _spelling(number: pl.Expr) -> pl.Expr:
    plain = half_width(number).str.replace_all(r"\s|^['’`]", "").str.to_uppercase()
    joined = plain.str.replace(_HYPHENED, "${1}${2}")
    return pl.when(joined != "").then(joined)


def _resident(number: pl.Expr) -> pl.Expr:
    """18 characters, a birth date that exists, and the right check character."""
    number = pl.when(number.str.contains(_RESIDENT)).then(number)
    right = _resident_check(number.str.slice(0, 17)) == number.str.slice(17, 1)
    return (right & _is_date(number.str.slice(6, 8))).fill_null(False)


def _old_resident(number: pl.Expr) -> pl.Expr:
    """15 digits, of which the birth date is all that can be checked."""
    number = pl.when(number.str.contains(_FIFTEEN)).then(number)
    return _is_date(pl.lit("19") + number.str.slice(6, 6)).fill_null(False)


def _upgraded(number: pl.Expr) -> pl.Expr:
    """15 digits as 18: the century 19 inserted, the check character added."""
    body = number.str.slice(0, 6) + pl.lit("19") + number.str.slice(6, 9)
    return body + _resident_check(pl.when(number.str.contains(_FIFTEEN)).then(body))


def _resident_check(body: pl.Expr) -> pl.Expr:
    digits = body.cast(pl.Int64, strict=False)
    total = pl.sum_horizontal(
        digits // 10 ** (16 - place) % 10 * weight for place, weight in enumerate(RESIDENT_WEIGHTS)
    )
    return pl.when(digits.is_not_null()).then(character(total % 11, RESIDENT_CHECKS))


def _organisation(number: pl.Expr) -> pl.Expr:
    number = pl.when(number.str.contains(_ORGANISATION)).then(number)
    total = weighted(number, ORGANISATION_ALPHABET, ORGANISATION_WEIGHTS)
    check = character(total % 11, "0X987654321")  # 11 − remainder: 11 is written 0, 10 is written X
    return (check == number.str.slice(8, 1)).fill_null(False)


def _register(number: pl.Expr) -> pl.Expr:
    digits = pl.when(number.str.contains(_FIFTEEN)).then(number).cast(pl.Int64, strict=False)
    product = pl.lit(10, dtype=pl.Int64)
    for place in range(14):
        # The sum counts as 10 where it ends in 0, which is what the shift by one says.
        total = product + digits // 10 ** (14 - place) % 10
        product = ((total - 1) % 10 + 1) * 2 % 11
    return ((product + digits % 10) % 10 == 1).fill_null(False)


def _is_date(digits: pl.Expr) -> pl.Expr:
    return digits.str.to_date("%Y%m%d", strict=False).is_not_null()
