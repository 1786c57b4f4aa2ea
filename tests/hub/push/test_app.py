"""What the server answers to each kind of push, and that it keeps exactly what it gave a receipt for."""

from __future__ import annotations

import errno
import hashlib
import logging
import os

import pytest
from fastapi.testclient import TestClient

from connectors.inbox import tokens
from hub.push.app import create_app
from tests.connectors.inbox.sending import run

URL = "/push/trade/cases"
CSV = {"Content-Type": "text/csv"}
XML = {"Content-Type": "application/xml"}


def kept(spool):
    """Payloads that wait."""
    return [path.read_bytes() for path in spool.waiting()]


def post(client, content, media="application/json", **headers):
    return client.post(URL, content=content, headers={"Content-Type": media} | headers)


def test_json_is_received(client, spool, inbox):
    body = '[{"no": "1", "name": "甲"}, {"no": 12345678901234567890, "name": null}]'.encode()
    answer = post(client, body)
    assert answer.status_code == 202
    receipt = answer.json()
    assert (receipt["state"], receipt["rows"], receipt["bytes"]) == ("received", 2, len(body))
    assert receipt["sha256"] == hashlib.sha256(body).hexdigest()
    assert receipt["poll"] == answer.headers["location"] == f"/push/receipts/{receipt['receipt']}"
    assert kept(spool) == [body]
    assert [(row["no"], row["name"]) for row in run(inbox)] == [
        ("1", "甲"), ("12345678901234567890", None)
    ]  # fmt: skip


def test_wrapped_json_csv_and_xml_are_received(client, inbox):
    assert post(client, b'{"rows": [{"no": 1}]}').json()["rows"] == 1
    assert post(client, b"no|name\n2|x\n3|y\n", "text/csv").json()["rows"] == 2
    package = "<Package><Case><No>4</No><Name>丁</Name></Case></Package>"
    assert post(client, package.encode(), "text/xml").json()["rows"] == 1
    assert [row["no"] for row in run(inbox)] == ["1", "2", "3", "4"]


@pytest.mark.parametrize(
    ("media", "text"),
    [
        ("application/json", '[{"no": "1", "name": "㐂"}]'),
        ("text/csv", "no|name\n1|㐂\n"),
        ("application/xml", "<Package><Case><No>1</No><Name>㐂</Name></Case></Package>"),
    ],
)
@pytest.mark.parametrize("charset", ["gb18030", "GBK", "utf-8"])
def test_the_charset_of_the_content_type_is_honoured(client, inbox, media, text, charset):
    coded = text.encode("gb18030" if charset != "utf-8" else charset)
    assert post(client, coded, f"{media}; charset={charset}").status_code == 202
    assert [row["name"] for row in run(inbox)] == ["㐂"]


def test_bytes_outside_the_charset_are_one_bad_row_in_csv(client, inbox):
    assert post(client, b"no|name\n1|ok\n2|\xff\xff\n", "text/csv").json()["rows"] == 2
    assert [row["_defect"] for row in run(inbox)] == [None, "illegal_bytes"]


MALFORMED = {
    "no json": ("application/json", b"[{]", 1, 3),
    "cut short": ("application/json", b'[\n{"a": 1},\n{"b": ', 3, 7),
    "after the end": ("application/json", b"[]\n[]", 2, 1),
    "no array": ("application/json", b'"text"', 1, 1),
    "no rows": ("application/json", b'{"data": []}', 1, 1),
    "more than rows": ("application/json", b'{"rows": [], "total": 3}', 1, 12),
    "row is no object": ("application/json", b'[{"a": 1}, 2]', 1, 12),
    "comma at the end": ("application/json", b'[{"a": 1},]', 1, 11),
    "key twice": ("application/json", b'[{"a": 1, "a": 2}]', 1, 2),
    "key twice inside": ("application/json", b'[{"a": {"b": 1, "b": 2}}]', 1, 2),
    "NaN": ("application/json", b'[{"a": NaN}]', 1, 2),
    "Infinity": ("application/json", b'[{"a": -Infinity}]', 1, 2),
    "NUL": ("application/json", b'[{"a": "\x00"}]', 1, 9),
    "too deep": ("application/json", b'[{"a":' + b"[" * 40_000, 1, 2),
    "not utf-8": ("application/json", b'[\n{"a": "\xd6\xd0"}]', 2, None),
    "empty json": ("application/json", b"", 1, 1),
    "empty xml": ("application/xml", b"", None, None),
    "no xml": ("application/xml", b"<Package>\n<Case></Package>", 2, None),
    "other root": ("application/xml", b"<Other/>", 1, None),
    "entity bomb": (
        "application/xml",
        b'<!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c "&b;&b;">]><Package><Case><No>&c;</No></Case></Package>',
        1, None,
    ),
    "empty csv": ("text/csv", b"", None, None),
}  # fmt: skip


@pytest.mark.parametrize("case", MALFORMED)
def test_what_cannot_be_read_is_refused_with_its_place(client, spool, case):
    media, body, line, column = MALFORMED[case]
    answer = post(client, body, media)
    assert (answer.status_code, answer.json()["error"]) == (400, "malformed")
    assert answer.json()["column"] == column
    if line:
        assert answer.json()["line"] == line
    assert str(spool.root) not in answer.text
    assert kept(spool) == []
    assert (
        list((spool.folder / "tmp").iterdir()) == list((spool.folder / "receipts").iterdir()) == []
    )


def test_rows_that_no_database_takes_are_bad_rows(client, inbox):
    body = b'[{"no": "1"}, {"no": "\\u0000"}, {"no": "\\ud800"}, {"no": "\\ud83d\\ude00"}]'
    assert post(client, body).json()["rows"] == 4
    rows = run(inbox)
    assert [row["_defect"] for row in rows] == [None, "illegal_bytes", "illegal_bytes", None]
    assert rows[1]["_bytes"] == b'{"no": "\\u0000"}'
    assert [row["no"] for row in rows] == ["1", None, None, "😀"]


def test_nested_values_and_numbers_are_kept_as_written(client, inbox):
    body = b'[{"a": {"x": [1.10, null, true, "t"]}, "b": 1e400, "c": -0.0, "d": false}]'
    assert post(client, body).status_code == 202
    row = run(inbox)[0]
    assert row["a"] == '{"x": [1.10, null, true, "t"]}'
    assert (row["b"], row["c"], row["d"]) == ("1e400", "-0.0", "false")


def test_tokens_open_only_their_department(client, settings):
    client.headers.pop("Authorization")
    assert post(client, b"[]").status_code == 401
    for wrong in ("Bearer", "Bearer x", "Basic eDp5", "Bearer \xe9"):
        assert post(client, b"[]", Authorization=wrong.encode("latin-1")).status_code == 401
    water = {"Authorization": f"Bearer {tokens.issue(settings, 'water')}"}
    assert post(client, b"[]", **water).json()["error"] == "other_department"
    assert client.post("/push/water/cases", json=[], headers=water).status_code == 202
    assert client.post("/push/water/cases", json=[]).status_code == 401


def test_a_new_token_replaces_the_old_unless_both_shall_stay(client, settings):
    tokens.issue(settings, "trade", keep_others=True)
    assert post(client, b"[]").status_code == 202
    tokens.issue(settings, "trade")
    assert post(client, b"[]").status_code == 401


def test_tokens_of_the_environment(settings, monkeypatch):
    monkeypatch.setenv("HUB_PUSH_TOKEN_WATER", tokens.hashed("secret"))
    with TestClient(create_app(settings)) as fresh:
        headers = {"Authorization": "Bearer secret"}
        assert fresh.post("/push/water/cases", json=[], headers=headers).status_code == 202


def test_tokens_are_kept_hashed_and_closed_to_others(settings, token):
    path = tokens.tokens_file(settings)
    assert token not in path.read_text()
    assert path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "path", ["trade/other", "nobody/cases", "housing/cases", "../cases", "trade/.."]
)
def test_what_is_not_pushed_is_unknown(client, path):
    assert client.post(f"/push/{path}", json=[]).status_code == 404


def test_a_broken_folder_is_the_hubs_own_fault(client, settings):
    (settings.departments / "trade" / "source.yml").write_text("title: [")
    assert post(client, b"[]").status_code == 503


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"Content-Type": "application/pdf"}, "unsupported_format"),
        ({"Content-Type": ""}, "unsupported_format"),
        ({"Content-Type": "application/json; charset=utf-16"}, "unsupported_charset"),
        ({"Content-Type": "application/json; charset=x"}, "unsupported_charset"),
        ({"Content-Type": "application/json", "Content-Encoding": "gzip"}, "unsupported_coding"),
    ],
)
def test_what_is_not_understood_is_415(client, headers, code):
    answer = client.post(URL, content=b"[]", headers=headers)
    assert (answer.status_code, answer.json()["error"]) == (415, code)


def test_the_limits(client, spool):
    assert post(client, b'[{"a": 1}' + b" " * 100_000 + b"]").json()["error"] == "too_large"
    endless = (b" " * 1000 for _ in range(10_000))  # no Content-Length: measured as it comes in
    assert post(client, endless).json()["error"] == "too_large"
    many = b"[" + b", ".join([b'{"a": 1}'] * 51) + b"]"
    assert post(client, many).json()["error"] == "too_many_rows"
    assert kept(spool) == []
    assert post(client, many.replace(b'{"a": 1}, ', b"", 1)).json()["rows"] == 50


def test_too_many_pushes_a_minute(settings, token):
    headers = {"Authorization": f"Bearer {token}"}
    with TestClient(create_app(settings, per_minute=2), headers=headers) as client:
        answers = [client.post(URL, json=[]) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [202, 202, 429]
    assert 1 <= int(answers[2].headers["Retry-After"]) <= 60


def test_a_key_makes_repetitions_known(client, spool):
    key = {"Idempotency-Key": "2012-03-05/17"}
    first = post(client, b'[{"no": 1}]', **key)
    post(client, b'[{"no": 2}]')
    assert post(client, b'[{"no": 1}]', **key).json() == first.json()
    conflict = post(client, b'[{"no": 3}]', **key)
    assert (conflict.status_code, conflict.json()["error"]) == (409, "key_used")
    assert first.json()["receipt"] in conflict.json()["message"]
    assert len(kept(spool)) == 2
    assert post(client, b"[]", **{"Idempotency-Key": "a b"}).json()["error"] == "bad_key"


def test_without_a_key_the_newest_content_is_a_repetition_and_older_content_is_not(client, spool):
    first = post(client, b'[{"no": 1, "state": "open"}]').json()["receipt"]
    assert post(client, b'[{"no": 1, "state": "open"}]').json()["receipt"] == first
    post(client, b'[{"no": 1, "state": "closed"}]')
    # The record went back to what it was: were this taken for the first push, it would stay closed.
    assert post(client, b'[{"no": 1, "state": "open"}]').json()["receipt"] != first
    assert len(kept(spool)) == 3


def test_repetitions_are_known_after_landing_too(client, inbox):
    key = {"Idempotency-Key": "k"}
    first = post(client, b'[{"no": 1}]', **key).json()
    run(inbox)
    again = post(client, b'[{"no": 1}]', **key).json()
    assert (again["receipt"], again["state"]) == (first["receipt"], "landed")
    assert run(inbox) == []


def test_a_full_disk_keeps_nothing_and_says_so(client, spool, monkeypatch):
    def full(handle):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    spool.prepare()
    monkeypatch.setattr(os, "fsync", full)
    answer = post(client, b'[{"no": 1}]')
    monkeypatch.undo()
    assert (answer.status_code, answer.json()["error"]) == (507, "no_room")
    assert kept(spool) == []


def test_nothing_of_a_request_is_logged_but_method_path_and_status(client, caplog, token):
    identity = "360121198001011234"
    with caplog.at_level(logging.DEBUG):
        post(client, b'[{"no": "360121198001011234", }]')
        client.get(f"/push/receipts/x?fate={identity}")
        client.get(f"/{identity}")
        client.post(URL + f"?id={identity}", json=[{"no": identity}])
    ours = [record for record in caplog.records if not record.name.startswith("httpx")]
    assert any("POST /push/trade/cases 202" in record.getMessage() for record in ours)
    for record in ours:
        assert identity not in record.getMessage()
        assert token not in record.getMessage()


def test_answers_do_not_repeat_what_was_sent(client):
    answer = client.get("/push/receipts/x", params={"fate": "360121198001011234"})
    assert answer.status_code == 400
    assert "360121" not in answer.text


def test_no_page_that_loads_scripts_from_elsewhere(client):
    assert client.get("/docs").status_code == client.get("/redoc").status_code == 404
    described = client.get("/openapi.json").json()
    assert "/push/{department}/{dataset}" in described["paths"]
    assert client.get("/health").json() == {"status": "ok"}


def test_payloads_are_closed_to_others(client, spool):
    post(client, b"[]")
    for path in (spool.folder, *spool.folder.rglob("*")):
        assert path.stat().st_mode & 0o077 == 0, path
