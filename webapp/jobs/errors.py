"""Named failures of jobs that come from the web application rather than from the analysis; each has a stable code."""


class JobError(Exception):
    """The work cannot be done; its code is mapped to words in `webapp.jobs.words`."""

    code = "internal"


class DiskFull(JobError):
    """There is no space left for the result."""

    code = "disk_full"


class QuotaFull(JobError):
    """The team may not store as much as the result needs."""

    code = "quota_full"


class FileGone(JobError):
    """The stored file that the work needs is no longer there."""

    code = "file_gone"


INTERNAL = "internal"
"""Something unforeseen; the log says what."""
CRASHED = "crashed"
"""The worker died `MAX_ATTEMPTS` times while doing it."""
