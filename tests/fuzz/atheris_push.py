"""Coverage-guided fuzzing of the push parsers: `python tests/fuzz/atheris_push.py -max_total_time=60`.

The first byte of an input chooses format and charset, the rest is the body. A body is read or refused; what was
counted is what is read, and every row has its place. Anything else is a crash that libFuzzer keeps as a file.
"""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import atheris

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

with atheris.instrument_imports(include=["connectors", "json", "csv"]):
    from connectors.inbox import bodies
    from connectors.inbox.bodies import Body
    from connectors.inbox.malformed import Malformed, TooManyRows
    from connectors.inbox.settings import InboxSettings

SETTINGS = InboxSettings.model_validate(
    {
        "accepts": {
            "json": {}, "csv": {}, "xml": {"rows": "//Case", "fields": {"no": "No", "up": "../Id"}}
        },
        "max_rows": 1_000,
    }
)  # fmt: skip
WAYS = [
    Body(format, charset)
    for format in ("json", "csv", "xml")
    for charset in (None, "gb18030", "utf-8")
]
SEEDS = {
    "array": b'\x00[{"no": 1, "name": "a"}, {"no": 1.5e9, "b": [null, {"c": true}]}]',
    "wrapped": b'\x00{"rows": [{"no": "\\u4e00\\ud83d\\ude00"}]}',
    "csv": b'\x03no,name\n1,"a ""b"" c"\n2,x\r\n',
    "xml": b"\x06<?xml version='1.0' encoding='gb2312'?><P><Id>1</Id><Case><No>1</No></Case></P>",
}
_FOLDER = TemporaryDirectory()


def one_input(data: bytes) -> None:
    """Read one body in the way that its first byte says."""
    if not data:
        return
    body = WAYS[data[0] % len(WAYS)]
    path = Path(_FOLDER.name) / "payload"
    path.write_bytes(data[1:])
    try:
        counted = bodies.count(path, body, SETTINGS)
    except (Malformed, TooManyRows):
        return
    numbers = [
        number
        for table in bodies.tables(path, body, "f", SETTINGS)
        for number in table["_row"].to_pylist()
    ]
    if numbers != list(range(1, counted + 1)):
        raise AssertionError(f"{counted} rows were counted, {len(numbers)} are read")


def main() -> None:
    """Start from the seeds unless a corpus folder is given."""
    arguments = list(sys.argv)
    if all(argument.startswith("-") for argument in arguments[1:]):
        corpus = Path(_FOLDER.name) / "corpus"
        corpus.mkdir()
        for name, seed in SEEDS.items():
            (corpus / name).write_bytes(seed)
        arguments.append(str(corpus))
    atheris.Setup(arguments, one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
