"""The public directory: complete, linked, safe, the same bytes each time; its data valid by its own schema."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import date
from pathlib import Path

import jsonschema
import pytest
from lxml import html

import catalogue
from catalogue.directory import site
from catalogue.forms import layout
from hub.core.errors import HubError

JULY, NOVEMBER = date(2012, 7, 2), date(2012, 11, 1)
HOMESTEAD, FAIR = "36012100GT-XK-0002", "36012100GS-FX-0001"


@pytest.fixture(scope="module")
def files() -> dict[str, str]:
    return dict(site.build(catalogue.load(), JULY))


def test_there_is_a_page_for_every_item_and_a_chart_for_every_flow(files: dict[str, str]) -> None:
    loaded = catalogue.load()
    assert {f"powers/{code}.html" for code in loaded.powers} <= files.keys()
    assert {f"disclosure/{code}.html" for code in loaded.disclosure_items} <= files.keys()
    charts = {
        f"charts/{power.code}-v{version.version}.svg"
        for power in loaded.powers.values() for version in power.versions if version.steps
    }  # fmt: skip
    assert charts == {name for name in files if name.startswith("charts/")}


def test_the_same_catalogue_gives_the_same_bytes(files: dict[str, str]) -> None:
    assert dict(site.build(catalogue.load(), JULY)) == files


def test_every_link_leads_to_a_file_and_nothing_comes_from_elsewhere(files: dict[str, str]) -> None:
    for name, text in files.items():
        if name.endswith(".html"):
            page = html.fromstring(text.encode())
            for link in page.xpath("//@href | //@src"):
                target = (Path("/site") / Path(name).parent / str(link)).resolve()
                assert str(target.relative_to("/site")) in files, (name, link)
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", "".join(
        text for name, text in files.items() if not name.endswith(".json")))  # fmt: skip


def test_a_page_shows_every_field_of_the_version_in_force(files: dict[str, str]) -> None:
    for power in catalogue.load().powers.values():
        version = power.versions[-1]
        page = html.fromstring(files[f"powers/{power.code}.html"].encode())
        text = " ".join(page.text_content().split())
        wanted = [version.name, version.content, *version.basis, version.conditions,
                  version.service_object, version.supervision_channel]  # fmt: skip
        for part in (version.steps, version.materials, version.fees, version.risk_points):
            wanted += [one.name for one in part]
        wanted += [one.description for one in (*version.risk_points, *version.discretion)]
        wanted += [risk.prevention for risk in version.risk_points]
        missing = [word for word in wanted if " ".join(word.split()) not in text]
        assert missing == [], power.code


def test_versions_stand_with_their_validity_and_changes(files: dict[str, str]) -> None:
    text = html.fromstring(files[f"powers/{HOMESTEAD}.html"].encode()).text_content()
    assert "版本 version 2：2012-07-01 至 今 open" in text
    assert "版本 1：2012-01-01 至 2012-06-30" in text
    assert "承诺期限：15 工作日 → 12 工作日" in text
    assert files[f"powers/{HOMESTEAD}.html"].count("<svg") == 2


def test_an_item_no_longer_in_force_says_so() -> None:
    later = dict(site.build(catalogue.load(), NOVEMBER))
    assert "已失效 no longer in force" in later[f"powers/{FAIR}.html"]
    row = html.fromstring(later["index.html"].encode()).xpath(f"//tr[contains(., '{FAIR}')]")[0]
    assert "past" in row.get("class")


def test_the_index_lists_all_by_body_and_can_be_searched(files: dict[str, str]) -> None:
    page = html.fromstring(files["index.html"].encode())
    assert page.xpath("//h1")[0].text == "南昌县政务公开和政务服务事项目录"
    groups = page.xpath("//section[@data-body]")
    assert [g.get("data-body") for g in groups] == list(catalogue.load().bodies)
    rows = page.xpath("//tr[@data-text]")
    assert len(rows) == len(catalogue.load().items())
    assert all(row.get("data-text") == row.get("data-text").lower() for row in rows)
    homestead = next(row for row in rows if HOMESTEAD.lower() in row.get("data-text"))
    assert "村民会议或者村民代表会议同意的决议" in homestead.get("data-text")


def test_csv_holds_what_the_forms_hold(files: dict[str, str]) -> None:
    frames = catalogue.load().frames()
    tables = {"powers": "power", "disclosure": "disclosure_item", "steps": "step", "transitions": "transition",
              "materials": "material", "fees": "fee", "discretion": "discretion", "risk_points": "risk_point"}  # fmt: skip
    for form in layout.forms():
        text = files[f"data/{form.part}.csv"]
        assert text.startswith("\ufeff")
        rows = list(csv.reader(io.StringIO(text[1:])))
        assert rows[0] == [column.heading for column in form.columns]
        assert len(rows) - 1 == frames[f"catalogue.{tables[form.part]}"].height


def test_json_is_valid_by_its_schema(files: dict[str, str]) -> None:
    document = json.loads(files["catalogue.json"])
    schema = json.loads(files["catalogue.schema.json"])
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(document, schema)
    assert (document["on"], document["version"]) == ("2012-07-02", catalogue.load().version)
    assert site.Document.model_validate_json(files["catalogue.json"]).powers == tuple(
        catalogue.load().powers.values()
    )
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document | {"powers": [{"code": 1}]}, schema)


def test_text_is_no_markup(folder: Path) -> None:
    path = folder / "items/gt/GT-XK-0002.yml"
    text = path.read_text("utf-8")
    evil = "<script>alert(1)</script>"
    path.write_text(text.replace("name: 农村村民宅基地用地审批", f'name: "{evil}"')
                    .replace("post: 审查岗", f'post: "{evil}"'), "utf-8")  # fmt: skip
    built = dict(site.build(catalogue.load(folder), JULY))
    for name, page in built.items():
        if not name.startswith(("data/", "catalogue.")):
            assert evil not in page, name
    assert "&lt;script&gt;" in built[f"charts/{HOMESTEAD}-v1.svg"]


def test_publishing_again_removes_what_is_gone_and_nothing_else(folder: Path, tmp_path: Path) -> None:  # fmt: skip
    out = tmp_path / "site"
    site.publish(catalogue.load(), out, JULY)
    kept = out / "notice.pdf"
    kept.write_bytes(b"theirs")
    (folder / "items/gs/GS-FX-0001.yml").unlink()
    names = site.publish(catalogue.load(folder), out, JULY)
    assert not (out / f"powers/{FAIR}.html").exists()
    assert kept.read_bytes() == b"theirs"
    there = {str(path.relative_to(out)) for path in out.rglob("*") if path.is_file()}
    assert there == {*names, "notice.pdf"}


def test_a_folder_of_others_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "theirs.txt").write_text("x")
    with pytest.raises(HubError, match="were not published by this command"):
        site.publish(catalogue.load(), tmp_path, JULY)
    assert [path.name for path in tmp_path.iterdir()] == ["theirs.txt"]
