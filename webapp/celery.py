"""The Celery application. Job rows, not the broker, recover lost work: the broker forgets a message as it hands it out.

A worker that had to acknowledge could fail to, and would take nothing more for ever.
"""

import os

from celery import Celery
from celery.signals import worker_init, worker_process_init
from django.conf import settings
from kombu import Exchange, Queue

from analysis.limited.forked import start_server
from webapp.die_with_parent import die_with_parent

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webapp.settings")

QUEUES = ("checks", "media", "analysis", "training")

app = Celery("rollcall")
app.conf.update(
    broker_url=settings.CELERY_BROKER_URL,
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    broker_transport_options={
        "socket_connect_timeout": 2,
        "socket_keepalive": True,
        # Who sends a message answers a request meanwhile, and the reaper makes up for it; workers wait by themselves.
        **{"max_retries": 1, "interval_start": 0, "interval_step": 0, "interval_max": 0},
    },
    task_ignore_result=True,
    task_queues=[Queue(name, Exchange(name), routing_key=name, no_ack=True) for name in QUEUES],
    task_create_missing_queues=False,
    task_default_queue="checks",
    worker_prefetch_multiplier=1,
    worker_disable_prefetch=True,
    worker_cancel_long_running_tasks_on_connection_loss=False,
    worker_enable_remote_control=False,
    worker_send_task_events=False,
    worker_hijack_root_logger=False,
    worker_soft_shutdown_timeout=0,  # a stopped task puts its job back at once, see webapp.jobs.lifecycle.working
    worker_redirect_stdouts=False,
    timezone=settings.TIME_ZONE,
)
app.autodiscover_tasks()
app.steps["worker"].add("webapp.jobs.dead_children_cleanup:GivesBackJobsOfTheDead")


@worker_init.connect
def _share_fork_server(**_: object) -> None:
    """Pool children come and go; what their limited processes are copies of stays."""
    start_server()


@worker_process_init.connect
def _leave_no_orphan(**_: object) -> None:
    """A pool child whose worker was killed must not go on computing."""
    die_with_parent()
