"""Coverage-guided fuzzing of the file readers: `python tests/fuzz/atheris_files.py -atheris_runs=20000`.

The first byte of an input chooses the format, the rest is the file. A file is read or refused (HubError), its rows
are numbered upwards and, where lines are rows, none is missing. Anything else is a crash that libFuzzer keeps as a file.
"""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import atheris

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

with atheris.instrument_imports(include=["connectors", "json", "csv", "zipfile"]):
    from connectors.files import dbf, excel, fixed, jsonl, text, xml  # noqa: F401 (to be instrumented)
    from hub.core.errors import HubError
    from tests.fuzz.file_seeds import KINDS, check

NAMES = sorted(KINDS)
_FOLDER = TemporaryDirectory()


def one_input(data: bytes) -> None:
    """Read one file in the format that its first byte chooses."""
    if not data:
        return
    kind = KINDS[NAMES[data[0] % len(NAMES)]]
    path = Path(_FOLDER.name) / f"file{kind.suffix}"
    path.write_bytes(data[1:])
    try:
        check(kind, path)
    except HubError:
        return


def main() -> None:
    corpus = Path(_FOLDER.name) / "corpus"
    corpus.mkdir()
    for at, name in enumerate(NAMES):
        (corpus / str(at)).write_bytes(bytes([at]) + KINDS[name].seed)
    atheris.Setup([*sys.argv, str(corpus), "-max_len=4096", "-verbosity=0"], one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
