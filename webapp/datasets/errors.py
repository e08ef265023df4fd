"""Named endings of imports; each has words in `webapp.jobs.words`. None of them goes away by trying again."""

from webapp.jobs.errors import JobError


class NotAnArchive(JobError):
    """The file is no ZIP, or its directory is damaged."""

    code = "not_an_archive"


class EncryptedArchive(JobError):
    """Its members can be read with a password only."""

    code = "encrypted_archive"


class UnsupportedCompression(JobError):
    """Its members are packed by another method than Deflate; the import's notes name it."""

    code = "unsupported_compression"

    def __init__(self, method: str, file: str) -> None:
        super().__init__(f"{file}: {method}")
        self.method, self.file = method, file


class ArchiveTooLarge(JobError):
    """Unpacked it would be larger than anything honest (a ZIP bomb)."""

    code = "archive_too_large"


class TooManyInArchive(ArchiveTooLarge):
    """Its directory lists more files than memory should hold."""

    code = "too_many_in_archive"


class BrokenList(JobError):
    """The list inside of the archive (CSV or COCO) cannot be read; the import's notes name the line."""

    code = "broken_list"


HOPELESS = (
    NotAnArchive.code,
    EncryptedArchive.code,
    UnsupportedCompression.code,
    ArchiveTooLarge.code,
    TooManyInArchive.code,
    BrokenList.code,
)
