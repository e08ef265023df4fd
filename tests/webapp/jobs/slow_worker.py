"""The product's Celery application with one more task, which works on a job until somebody stops it."""

import time

from webapp.celery import app


@app.task(name="slow_job")
def slow_job(job_id: str) -> None:
    from webapp.jobs import lifecycle  # Celery sets Django up only after importing this module

    with lifecycle.working(job_id) as job:
        for second in range(600):
            if job is not None:
                lifecycle.report(job, "detect", second / 10, 60)
            time.sleep(0.1)
