"""Named endings of reading an archive. None of them but the last goes away by trying again."""

from analysis.errors import AnalysisError

MOST_ENTRIES = 100_000
"""Files of an archive: its directory takes 1.2 kB of memory for each."""


class NotAnArchive(AnalysisError):
    """The file is no ZIP, or its directory is damaged."""

    code = "not_an_archive"


class EncryptedArchive(AnalysisError):
    """Its members can be read with a password only."""

    code = "encrypted_archive"


class UnsupportedCompression(AnalysisError):
    """Its members are packed by another method than Deflate; the notes of the archive name it."""

    code = "unsupported_compression"

    def __init__(self, message: str, method: str = "", file: str = "") -> None:
        super().__init__(message)
        self.method, self.file = method, file


class ArchiveTooLarge(AnalysisError):
    """Unpacked it would be larger than anything honest (a ZIP bomb)."""

    code = "archive_too_large"


class TooManyInArchive(ArchiveTooLarge):
    """Its directory lists more files than memory should hold."""

    code = "too_many_in_archive"


class BrokenList(AnalysisError):
    """A list inside of the archive (CSV or COCO) cannot be read; the notes of the archive name the line."""

    code = "broken_list"


class ArchiveLimit(AnalysisError):
    """Reading it took more memory or time than an honest archive needs, or broke the process that did."""

    code = "archive_limit"
