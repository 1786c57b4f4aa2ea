"""The access method `files` under the conformance kit: delimited text in a folder, on an SFTP server and in a bucket."""

from __future__ import annotations

from tests.conformance.file_sources import Bucket, Folder, Sftp, Text
from tests.conformance.kit import conformance


class TextFolder(Text, Folder):
    """Text in a folder."""

    lacks = Text.lacks | Folder.lacks


class TextSftp(Text, Sftp):
    """Text on an SFTP server."""

    settings = Text.settings | Sftp.settled


class TextBucket(Text, Bucket):
    """Text in a bucket of a real S3 server."""


TestTextFolder = conformance(TextFolder)
TestTextSftp = conformance(TextSftp)
TestTextBucket = conformance(TextBucket)
