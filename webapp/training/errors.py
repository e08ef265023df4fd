"""Named failures of a training that the web application detects; words for them are in `webapp.jobs.words`."""

from webapp.jobs.errors import JobError


class DataGone(JobError):
    """The version that the run learns from, or all its files, are no longer there."""

    code = "data_gone"


class GpuGone(JobError):
    """The graphics card reported an error from which this process cannot recover."""

    code = "gpu_gone"
