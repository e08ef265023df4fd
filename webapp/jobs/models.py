"""One row per piece of work that a worker does; the row is the truth, the queue and the socket are hints."""

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from webapp.team_scope import TeamOwned

MAX_ATTEMPTS = 3
"""So often may a job's worker die before the job is given up."""


class JobKind(models.TextChoices):
    """What the work is. Each kind names its queue in `webapp.jobs.queues`."""

    CHECK = "check", _("Checking the file")
    WEB_COPY = "web_copy", _("Making a copy for the browser")
    ANALYSIS = "analysis", _("Analysing")
    SEGMENT = "segment", _("Analysing one segment")
    IMPORT = "import", _("Adding samples")
    MEASURE = "measure", _("Analysing new samples")
    CHECKUP = "checkup", _("Checking the dataset")
    TRAIN = "train", _("Training")
    EXPLAIN = "explain", _("Computing the heat map")
    RECOGNISE = "recognise", _("Finding labels")
    EXPORT = "export", _("Exporting")
    INTRODUCE = "introduce", _("Preparing the new face model")


class Status(models.TextChoices):
    """States of a job; see `Job` for the allowed moves."""

    QUEUED = "queued", _("Waiting")
    RUNNING = "running", _("Running")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Cancelled")


ACTIVE = (Status.QUEUED, Status.RUNNING)
ENDED = (Status.DONE, Status.FAILED, Status.CANCELLED)


class Job(TeamOwned):
    """A piece of work and how far it is. Only `webapp.jobs.lifecycle` writes `status`.

    Moves: queued -> running (claimed by a worker) -> done | failed | cancelled; queued -> cancelled;
    running -> queued (a worker died, or a parent job goes on after its parts). An ended job never moves again:
    running again is a new job.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    team = models.ForeignKey("accounts.Team", models.CASCADE, related_name="jobs")
    kind = models.CharField(max_length=20, choices=JobKind.choices)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.QUEUED)
    parent = models.ForeignKey("self", models.CASCADE, null=True, blank=True, related_name="parts")
    subject_id = models.UUIDField()
    """The object that the work is about (a video); its group of live listeners bears this id."""

    stage = models.CharField(max_length=20, blank=True)
    done = models.FloatField(default=0)
    total = models.FloatField(default=0)
    sequence = models.PositiveBigIntegerField(default=0)
    """Rises with every published change; the browser ignores what is not newer than what it shows."""
    revision = models.PositiveIntegerField(default=0)
    """Rises when the work has stored new results worth showing (faces, a poster)."""

    stage_done = models.FloatField(default=0)
    """`done` when this stage began: what an earlier attempt had finished says nothing about today's pace."""
    stage_at = models.DateTimeField(null=True)

    claim_id = models.UUIDField(null=True)
    """Made anew by each claim, and asked for by every later move, so that a worker that was given up for dead cannot
    write into its successor's job. A running job without one waits for its parts."""
    attempts = models.PositiveSmallIntegerField(default=0)
    """How often a worker died over it."""
    error_code = models.CharField(max_length=40, blank=True)
    error_detail = models.TextField(blank=True)
    """For operators and the log; never shown as it is."""

    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    queued_at = models.DateTimeField(default=timezone.now)
    """Since when it waits, or waited last."""
    worker = models.CharField(max_length=100, blank=True)
    """Which process claimed it, see `lifecycle.process_name`; of an ended job, which had it last."""
    started_at = models.DateTimeField(null=True)
    heartbeat_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    reported_s: float = float("-inf")
    """Not stored: when this process last wrote its progress (monotonic clock)."""

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(status__in=Status.values), name="job_status_known"),
            models.CheckConstraint(
                condition=models.Q(status__in=ACTIVE, finished_at=None)
                | models.Q(~models.Q(status__in=ACTIVE), finished_at__isnull=False),
                name="job_ended_has_time",
            ),
        ]
        indexes = [
            models.Index(fields=["status", "kind"]),
            models.Index(fields=["subject_id", "kind"]),
            # What a team has at work, and what of it has just ended.
            models.Index(fields=["team", "status", "finished_at"], name="jobs_of_a_team"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.id} ({self.status})"

    @property
    def is_active(self) -> bool:
        return self.status in ACTIVE


class Turn(models.Model):
    """When work of a queue began last, of one team or one person; jobs are deleted, this stays."""

    queue = models.CharField(max_length=20)
    team = models.ForeignKey("accounts.Team", models.CASCADE, null=True, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="+")
    began_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["queue", "team"], name="one_turn_per_team"),
            models.UniqueConstraint(fields=["queue", "user"], name="one_turn_per_person"),
            models.CheckConstraint(
                condition=models.Q(team=None, user__isnull=False) | models.Q(team__isnull=False, user=None),
                name="turn_of_one",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.queue} of {self.team or self.user} began {self.began_at}"


class StoreMark(models.Model):
    """What lies in the media store that the rows speak of; one row, once it has been put there."""

    KEY = "store-mark"
    """Where it lies in the store."""

    id = models.SmallAutoField(primary_key=True)
    value = models.UUIDField(default=uuid.uuid4)

    def __str__(self) -> str:
        return self.value.hex


class AnsweredRequest(models.Model):
    """A request to start work that was answered: who sends the same key again gets the same answer.

    The row is written before the work starts and in its transaction, so that of several at once one starts it, and
    the others wait for its answer.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    key = models.CharField(max_length=64)
    """A digest of what the sender chose."""
    content = models.CharField(max_length=64)
    """A digest of address and body: another one under the same key is a mistake of the sender."""
    status = models.PositiveSmallIntegerField(default=0)
    headers = models.JSONField(default=dict)
    body = models.TextField(blank=True)
    notes = models.JSONField(default=list)
    """What the next page was to say, see `webapp.http.toasts`."""
    answered_at = models.DateTimeField(null=True, db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="one_answer_per_key")]

    def __str__(self) -> str:
        return f"answer {self.status} to {self.key[:8]}"
