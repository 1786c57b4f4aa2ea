"""Faults, credentials and trust: what is tried again, what is refused, and what is never said."""

from __future__ import annotations

import datetime as dt
import gzip
import ipaddress
import itertools
import logging
import time
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from hub.core.errors import SourceClosed, SourceRefused, SourceUnavailable, SpecError
from tests.connectors.http.conftest import OpenHttp, Reader, cases, numbers
from tests.services import rest

ONE = {"path": "/cases", "paging": {"by": "none"}}
GOOD = rest.document(cases(30))
SECRET = "s3cret-value"


@pytest.fixture
def served(service: rest.Service) -> rest.Service:
    service.routes["/cases"] = lambda _: GOOD
    return service


@pytest.mark.parametrize(
    "fault",
    [
        rest.Reply(b"", 500), rest.Reply(b"", 503), rest.Reply(b"", 429),
        rest.Reply(GOOD.body, sent=100), rest.Reply(GOOD.body[:500]),
        rest.Reply(b"no gzip", headers={"Content-Encoding": "gzip"}),
    ],
    ids=["500", "503", "429", "cut", "half a document", "damaged"],
)  # fmt: skip
def test_what_passes_is_tried_again(
    open_http: OpenHttp, served: rest.Service, fault: rest.Reply
) -> None:
    served.faults += [fault, fault]
    reader = open_http(**ONE)
    assert numbers(reader.read()) == numbers(cases(30))
    assert len(served.heard) == 3
    assert len(reader.pauses) == 2
    assert 0 < reader.pauses[0] <= 2 < reader.pauses[1] + 1


def test_retry_after_is_kept_to(open_http: OpenHttp, served: rest.Service) -> None:
    in_a_minute = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=60)
    date = in_a_minute.strftime("%a, %d %b %Y %H:%M:%S GMT")
    served.faults += [
        rest.Reply(status=429, headers={"Retry-After": "7"}),
        rest.Reply(status=503, headers={"Retry-After": date}),
    ]
    reader = open_http(**ONE)
    assert len(reader.read()) == 30
    assert reader.pauses[0] == 7
    assert 50 < reader.pauses[1] <= 60


def test_a_long_wait_is_left_to_the_next_run(open_http: OpenHttp, served: rest.Service) -> None:
    served.faults.append(rest.Reply(status=503, headers={"Retry-After": "3600"}))
    reader = open_http(**ONE)
    with pytest.raises(SourceUnavailable, match="wait 3600 seconds"):
        reader.read()
    assert reader.pauses == []


def test_what_does_not_pass_is_unavailable(open_http: OpenHttp, served: rest.Service) -> None:
    served.faults += [rest.Reply(status=500)] * 9
    with pytest.raises(SourceUnavailable, match="answers 500"):
        open_http(**ONE).read()
    assert len(served.heard) == 5


def test_nobody_there(open_http: OpenHttp) -> None:
    reader = open_http("http://127.0.0.1:9", **ONE)
    with pytest.raises(SourceUnavailable, match="no answer"):
        reader.read()
    assert len(reader.pauses) == 4


def test_a_service_that_hangs(open_http: OpenHttp, served: rest.Service) -> None:
    served.faults.append(rest.Reply(after=served.closing))
    assert len(open_http(served.url + "?timeout=0.3", **ONE).read()) == 30


def test_a_pause_ends_where_reading_was_stopped(open_http: OpenHttp, served: rest.Service) -> None:
    served.faults += [rest.Reply(status=500)] * 9
    reader = open_http(**ONE)

    def stop(_: float) -> None:
        reader.connector.pace.stopped = lambda: "reading is paused"

    reader.connector.sleep = stop
    with pytest.raises(SourceClosed, match="paused"):
        reader.read()
    assert len(served.heard) == 1


@pytest.mark.parametrize(
    ("status", "remedy"), [(401, "password"), (403, "password"), (404, "path")]
)
def test_refusals_come_at_once(
    open_http: OpenHttp, served: rest.Service, status: int, remedy: str
) -> None:
    served.faults.append(rest.Reply(b"360121199001011234", status))
    with pytest.raises(SourceRefused, match=f"test_bureau/cases.*answers {status}") as failure:
        open_http(**ONE).read()
    assert remedy in failure.value.remedy
    assert "1990" not in str(failure.value)
    assert len(served.heard) == 1


def test_a_login_page_is_named(open_http: OpenHttp, served: rest.Service) -> None:
    served.faults.append(rest.Reply(b"<html>", headers={"Content-Type": "text/html"}))
    with pytest.raises(SourceRefused, match="web page"):
        open_http(**ONE).read()


def test_a_wrong_content_type_alone_does_no_harm(open_http: OpenHttp, served: rest.Service) -> None:
    served.faults.append(rest.Reply(GOOD.body, headers={"Content-Type": "text/html"}))
    assert len(open_http(**ONE).read()) == 30


def test_redirections_stay_on_the_host(open_http: OpenHttp, served: rest.Service) -> None:
    served.faults.append(rest.Reply(status=302, headers={"Location": "/cases"}))
    assert len(open_http(**(ONE | {"path": "/old"})).read()) == 30
    served.faults.append(rest.Reply(status=302, headers={"Location": "http://evil.invalid/"}))
    with pytest.raises(SourceRefused, match=r"another host \(evil\.invalid\)"):
        open_http(**ONE).read()
    served.faults += [rest.Reply(status=307, headers={"Location": "/cases"})] * 9
    with pytest.raises(SourceRefused, match="more than 5 times"):
        open_http(**ONE).read()


def test_large_answers_are_refused_even_when_packed(
    open_http: OpenHttp, served: rest.Service
) -> None:
    packed = gzip.compress(b'["' + b"a" * 2 * 2**20 + b'"]')
    served.faults.append(rest.Reply(packed, headers={"Content-Encoding": "gzip"}))
    with pytest.raises(SourceRefused, match="larger than 1 MiB"):
        open_http(served.url + "?max_mb=1", **ONE).read()


def with_parameters(service: rest.Service, parameters: str, user: str = "") -> str:
    return service.url.replace("://", f"://{user}") + parameters


def test_credentials_go_where_the_connection_says(
    open_http: OpenHttp, served: rest.Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BUREAU_TOKEN", SECRET)
    basic = "Basic dTpwQDo=" if False else "Basic dTpwOkA="
    for parameters, user, header, value in (
        ("", "u:p%3A%40@", "authorization", basic),
        ("?bearer=env:BUREAU_TOKEN", "", "authorization", f"Bearer {SECRET}"),
        (f"?key={SECRET}", "", "x-api-key", SECRET),
        (f"?key={SECRET}&key_header=appcode", "", "appcode", SECRET),
    ):
        open_http(with_parameters(served, parameters, user), **ONE).read()
        assert served.heard[-1].headers[header] == value
    open_http(with_parameters(served, f"?key={SECRET}&key_param=ak"), **ONE).read()
    assert served.heard[-1].params["ak"] == SECRET


def login_at(service: rest.Service) -> None:
    """Each token is good for one page."""
    valid: list[str] = []
    given = itertools.count()
    pages = rest.by_page(cases(30), 10)

    def login(heard: rest.Heard) -> rest.Reply:
        if heard.json != {"username": "u", "password": SECRET}:
            return rest.document({"error": "who?"}, 401)
        valid.append(f"t{next(given)}")
        return rest.document({"data": {"token": valid[-1]}})

    def guarded(heard: rest.Heard) -> rest.Reply:
        token = heard.headers.get("authorization", "").removeprefix("Bearer ")
        if token not in valid:
            return rest.document({}, 401)
        valid.remove(token)
        return pages(heard)

    service.routes |= {"/login": login, "/cases": guarded}


def test_login_and_a_token_that_expires(open_http: OpenHttp, service: rest.Service) -> None:
    login_at(service)
    login = "?login=/login&token=data.token"
    paged = {"path": "/cases", "rows": "rows", "paging": {"by": "page"}}
    reader = open_http(with_parameters(service, login, f"u:{SECRET}@"), **paged)
    assert len(reader.read()) == 30
    assert [heard.path for heard in service.heard].count("/login") == 4
    wrong = open_http(with_parameters(service, login, "u:wrong@"), **ONE)
    with pytest.raises(SourceRefused, match=r"/login\): answers 401"):
        wrong.read()


def test_secrets_are_never_said(
    open_http: OpenHttp, served: rest.Service, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    url = with_parameters(
        served, f"/base?key={SECRET}&key_param=ak&bearer={SECRET}", f"u:{SECRET}@"
    )
    reader = open_http(url, **ONE)
    with pytest.raises(SourceRefused) as failure:
        reader.read()
    assert SECRET not in caplog.text + str(failure.value) + repr(reader.connector.connection)
    assert SECRET not in "".join(str(one) for one in reader.connector.diagnose())
    with pytest.raises(SpecError) as unknown:
        open_http(url + "&tokn=x", **ONE)
    assert "tokn" in str(unknown.value)
    assert SECRET not in str(unknown.value)


@pytest.mark.parametrize("url", ["ftp://host/", "https://", "http://host:x/", "/path"])
def test_urls_of_other_kinds(open_http: OpenHttp, url: str) -> None:
    with pytest.raises(SpecError, match=r"source\.yml:5"):
        open_http(url, **ONE)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """A self-signed certificate of 127.0.0.1 and its key, as PEM files."""
    folder: Path = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test bureau")])
    now = dt.datetime.now(dt.UTC)
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1)).not_valid_after(now + dt.timedelta(days=1))
        .add_extension(address, False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    (folder / "cert.pem").write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )  # fmt: skip
    return str(folder / "cert.pem"), str(folder / "key.pem")


def test_certificates(open_http: OpenHttp, certificate: tuple[str, str]) -> None:
    with rest.serving(certificate) as service:
        service.routes["/cases"] = lambda _: GOOD
        stranger = open_http(service.url, **ONE)
        with pytest.raises(SourceRefused, match="certificate is not trusted"):
            stranger.read()
        assert [one.check for one in stranger.connector.diagnose() if one.state == "failed"] == [
            "certificate"
        ]
        known = open_http(f"{service.url}?ca={certificate[0]}", **ONE)
        assert len(known.read()) == 30
        assert {one.check: one.state for one in known.connector.diagnose()} == {
            "reachable": "ok", "certificate": "ok", "credentials": "ok", "clock_skew": "ok", "shape": "ok",
        }  # fmt: skip
    with pytest.raises(SourceRefused, match="cannot be read"):
        open_http("https://127.0.0.1:9?ca=/nowhere.pem", **ONE).read()


def states(reader: Reader) -> dict[str, str]:
    return {one.check: one.state for one in reader.connector.diagnose()}


def test_doctor_names_what_is_wrong(open_http: OpenHttp, served: rest.Service) -> None:
    assert states(open_http(**ONE))["certificate"] == "warning"
    assert states(open_http(**ONE, fields={"no": "no", "who": "party.name"}))["shape"] == "failed"
    assert states(open_http(**(ONE | {"path": "/gone"})))["page"] == "failed"
    assert states(open_http("http://127.0.0.1:9", **ONE)) == {"reachable": "failed"}
    served.faults.append(rest.Reply(status=403))
    assert states(open_http(**ONE)) == {
        "reachable": "ok",
        "certificate": "ok",
        "credentials": "failed",
    }
    late = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() - 3_600))
    served.faults.append(rest.document(cases(1), Date=late))
    assert states(open_http(**ONE))["clock_skew"] == "warning"
