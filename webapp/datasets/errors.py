"""Which endings of imports do not go away by trying again."""

from analysis.archives import errors

HOPELESS = (
    errors.NotAnArchive.code,
    errors.EncryptedArchive.code,
    errors.UnsupportedCompression.code,
    errors.ArchiveTooLarge.code,
    errors.TooManyInArchive.code,
    errors.BrokenList.code,
)
