"""The access method `files` on an SFTP server under the conformance kit."""

from __future__ import annotations

from urllib.parse import quote

from tests.conformance.kit import Source, conformance
from tests.conformance.test_files import TextFolder


class TextOnSftp(TextFolder):
    """The same texts, fetched one by one; the connection can be cut."""

    server = "sftp_server"
    settings = TextFolder.settings | {"settle": "0s"}
    lacks = {name: why for name, why in TextFolder.lacks.items() if name != "credentials"}
    breakable = Source.breakable
    unreachable = Source.unreachable

    def start(self) -> None:
        super().start()
        self.files = self.running.root / self.folder.name / "in"
        self.files.parent.mkdir(exist_ok=True)

    @property
    def url(self) -> str:
        return self.through(self.running.port)

    @property
    def address(self) -> tuple[str, int]:
        return "127.0.0.1", self.running.port

    def through(self, port: int) -> str:
        url = self.running.url(f"/{self.folder.name}/in").replace(
            str(self.running.port), str(port), 1
        )
        return f"{url}?hostkey={quote(self.running.known_host)}"

    def wrong_credentials(self, password: str) -> str:
        return self.url.replace(":sftp-test@", f":{password}@")


TestTextOnSftp = conformance(TextOnSftp)
