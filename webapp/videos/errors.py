"""Named endings of the work on videos that are not the analysis library's."""

from webapp.jobs.errors import JobError


class Duplicate(JobError):
    """Another video of the team has the same content."""

    code = "duplicate"
