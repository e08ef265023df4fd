"""What workers do for jobs of this app, once claimed."""

from webapp.jobs.job_tasks import job_task
from webapp.jobs.models import Job, JobKind


@job_task(JobKind.ANALYSIS)
def run_analysis(job: Job) -> None:
    """Continues an analysis: splits it into segments, or groups what they found."""
    from webapp.analyses import runner  # deferred: loads cv2

    runner.run_analysis(job)


@job_task(JobKind.SEGMENT)
def analyse_segment(job: Job) -> None:
    """Finds the faces of one segment."""
    from webapp.analyses import runner  # deferred: loads cv2

    runner.analyse_segment(job)


@job_task(JobKind.INTRODUCE)
def introduce_embedder(job: Job) -> None:
    """Prepares, switches to or rolls back a face embedder or new rules."""
    from webapp.analyses.introduction import runner  # deferred: loads cv2

    runner.run(job)
