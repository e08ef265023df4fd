"""Named endings of the work on videos that are not the analysis library's."""

from webapp.jobs.errors import JobError

MAY_PASS_ANOTHER_TIME = ("internal", "crashed", "disk_full")
"""Endings of a check that say nothing about the file; after any other one it is refused for good."""


class Duplicate(JobError):
    """Another video of the team has the same content."""

    code = "duplicate"
