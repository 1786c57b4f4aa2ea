"""The formats of the access method `files` beside delimited text, under the conformance kit."""

from __future__ import annotations

from tests.conformance.file_formats import Dbf, Excel, Fixed, JsonLines, Xml, Zip
from tests.conformance.kit import conformance

TestZip = conformance(Zip)
TestJsonLines = conformance(JsonLines)
TestXml = conformance(Xml)
TestExcel = conformance(Excel)
TestDbf = conformance(Dbf)
TestFixed = conformance(Fixed)
