"""A notice as a Word document, set as official documents are: title 22 pt 黑体, text 16 pt 仿宋, A4."""

from __future__ import annotations

import io
import zipfile
from datetime import datetime
from typing import TYPE_CHECKING, Any

from supervision.notices_html import numeral

if TYPE_CHECKING:
    from supervision.notices import Content, Section

BODY, HEADING = "仿宋", "黑体"
_LATIN = "Times New Roman"


def render(content: Content, at: datetime) -> bytes:
    """The document; the same bytes for the same content and time."""
    from docx import Document
    from docx.shared import Mm, Pt

    document = Document()
    page = document.sections[0]
    page.page_width, page.page_height = Mm(210), Mm(297)
    page.top_margin, page.bottom_margin, page.left_margin, page.right_margin = (
        Mm(30),
        Mm(28),
        Mm(28),
        Mm(26),
    )
    _font(document.styles["Normal"], BODY, Pt(16))
    _head(document, content)
    for number, section in enumerate(content.sections, 1):
        _section(document, numeral(number), section)
    _paragraph(document, f"{numeral(len(content.sections) + 1)}、答复与申诉", font=HEADING)
    for paragraph in content.closing:
        _paragraph(document, paragraph)
    _foot(document, content)
    _describe(document, content, at)
    written = io.BytesIO()
    document.save(written)
    return _without_clock(written.getvalue())


def _head(document: Any, content: Content) -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Pt

    centre = WD_ALIGN_PARAGRAPH.CENTER
    _paragraph(document, content.issuer, font=HEADING, size=Pt(26), align=centre, red=True)
    _paragraph(document, content.number, align=centre)
    _paragraph(document, content.title, font=HEADING, size=Pt(22), align=centre)
    _paragraph(document, f"{content.addressee}：", indent=False)
    _paragraph(document, content.opening)


def _section(document: Any, number: str, section: Section) -> None:
    _paragraph(document, f"{number}、{section.title}", font=HEADING)
    _paragraph(document, "事实", font=HEADING)
    for place, finding in enumerate(section.findings, 1):
        _paragraph(document, f"{place}．{finding}")
    if section.basis:
        _paragraph(document, "依据", font=HEADING)
        for article in section.basis:
            _paragraph(document, article)
    if section.remedy:
        _paragraph(document, f"整改要求：{section.remedy}")
    if section.answers:
        _paragraph(document, f"责任人：{section.answers}")


def _foot(document: Any, content: Content) -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH

    for words in ("", f"{content.issuer}（印章）", content.issued_on):
        _paragraph(document, words, align=WD_ALIGN_PARAGRAPH.RIGHT)


def _paragraph(
    document: Any, words: str, *, font: str = BODY, size: Any = None, align: Any = None,
    indent: bool = True, red: bool = False,
) -> None:  # fmt: skip
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Pt, RGBColor

    paragraph = document.add_paragraph()
    shape = paragraph.paragraph_format
    shape.space_before = shape.space_after = Pt(0)
    shape.line_spacing = 1.5
    if align is not None:
        paragraph.alignment = align
    else:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.JUSTIFY
        shape.first_line_indent = Pt(32) if indent else None
    run = paragraph.add_run(words)
    _font(run, font, size or Pt(16))
    if red:
        run.font.color.rgb = RGBColor(0xC0, 0, 0)


def _font(styled: Any, name: str, size: Any) -> None:
    """Chinese text is set in the East Asian font of a run, which python-docx leaves to the caller."""
    from docx.oxml.ns import qn

    styled.font.name, styled.font.size = _LATIN, size
    styled.element.get_or_add_rPr().rFonts.set(qn("w:eastAsia"), name)


def _describe(document: Any, content: Content, at: datetime) -> None:
    properties = document.core_properties
    properties.title, properties.subject = content.title, content.number
    properties.author = properties.last_modified_by = content.issuer
    properties.created = properties.modified = at.replace(tzinfo=None, microsecond=0)
    properties.comments, properties.language = "", "zh-CN"


def _without_clock(package: bytes) -> bytes:
    """The same package with a fixed time on its members, so that equal content gives equal bytes."""
    written = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(package)) as made, zipfile.ZipFile(written, "w") as fixed:
        for name in made.namelist():
            member = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            fixed.writestr(member, made.read(name), zipfile.ZIP_DEFLATED)
    return written.getvalue()
