"""What deployed models find in videos: a recognition, its observations, and spans for the timeline."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from webapp.jobs.models import Job
from webapp.team_scope import TeamOwned

CURRENT = Q(taken_over_at__isnull=False, replaced_at=None)
"""Recognitions that are shown: of a video and a line at most one."""
WAITING = Q(ended_at__isnull=False, taken_over_at=None, discarded_at=None)
"""Recognitions that somebody has yet to apply or discard."""


class Recognition(TeamOwned):
    """One inference run of one model over one analysed video, a job of its own.

    States: in work -> waiting (`ended_at`) -> current (`taken_over_at`) -> replaced (`replaced_at`); waiting ->
    discarded (`discarded_at`). One that a person asked for waits for them, others are applied at once. Applying can be
    undone: then it waits again, and what it replaced is current.
    """

    team_path = "video__team"
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    video = models.ForeignKey("videos.Video", models.CASCADE, related_name="recognitions")
    analysis = models.ForeignKey("videos.Analysis", models.SET_NULL, null=True, related_name="+")
    """The analysis whose faces it used."""
    run = models.ForeignKey("training.TrainingRun", models.CASCADE, related_name="recognitions")
    line = models.UUIDField()
    """Of the run."""
    batch = models.UUIDField(null=True, db_index=True)
    """Those that were asked for together, whose difference is shown together; None: made with the analysis."""
    job = models.ForeignKey(Job, models.SET_NULL, null=True, related_name="+")
    replaces = models.ForeignKey("self", models.SET_NULL, null=True, related_name="+")
    """The one that was current until this one was applied, and is again when that is undone."""
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True)
    taken_over_at = models.DateTimeField(null=True)
    replaced_at = models.DateTimeField(null=True, db_index=True)
    discarded_at = models.DateTimeField(null=True, db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["video", "line"], condition=CURRENT, name="one_current_recognition")
        ]
        indexes = [models.Index(fields=["line", "video"], condition=CURRENT, name="current_recognitions_of_line")]

    def __str__(self) -> str:
        return f"{self.run_id} on {self.video_id}"

    @property
    def is_current(self) -> bool:
        return self.taken_over_at is not None and self.replaced_at is None

    @property
    def is_waiting(self) -> bool:
        return self.ended_at is not None and self.taken_over_at is None and self.discarded_at is None

    @property
    def files_prefix(self) -> str:
        """The storage folder for pictures of uncertain moments."""
        return f"{self.video.files_prefix}/recognitions/{self.pk}"


class Observation(TeamOwned):
    """What the model predicts for one face view, one frame, or one clip that begins at `time_s`."""

    team_path = "recognition__video__team"
    recognition = models.ForeignKey(Recognition, models.CASCADE, related_name="observations")
    time_s = models.FloatField()
    """Container time."""
    duration_s = models.FloatField(default=0)
    """Of a clip; else 0."""
    track = models.ForeignKey("people.Track", models.SET_NULL, null=True, related_name="+")
    face = models.ForeignKey("people.Face", models.SET_NULL, null=True, related_name="+")
    """The view that was classified."""
    label = models.CharField(max_length=80)
    certainty = models.FloatField()
    """0..1, the score of the label."""
    doubt = models.FloatField()
    """Uncertainty, 0..1; high where the two best scores are close."""
    scores = models.JSONField(default=list)
    """One for each label of the run, in its order."""

    in_queue = models.BooleanField(default=False)
    """Uncertain enough to be asked about, and not next to another one that is."""
    picture_key = models.CharField(max_length=255, blank=True)
    """A small picture for a moment in the queue that is not a face."""
    answer = models.CharField(max_length=80, blank=True)
    """The label that somebody gave it; empty until then."""
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    answered_at = models.DateTimeField(null=True)
    skipped_at = models.DateTimeField(null=True)
    """When somebody could not tell; it comes again after all others."""

    class Meta:
        indexes = [
            models.Index(fields=["recognition", "time_s"]),
            models.Index(fields=["recognition", "-doubt"], condition=Q(in_queue=True), name="observations_in_queue"),
        ]

    def __str__(self) -> str:
        return f"{self.label} at {self.time_s:.1f} s"


class Span(TeamOwned):
    """A stretch of a video that bears a label: a bar on the timeline. In container time."""

    team_path = "recognition__video__team"
    recognition = models.ForeignKey(Recognition, models.CASCADE, related_name="spans")
    track = models.ForeignKey("people.Track", models.SET_NULL, null=True, related_name="+")
    label = models.CharField(max_length=80)
    start_s = models.FloatField()
    end_s = models.FloatField()
    score = models.FloatField()
    """0..1, the mean over its observations."""

    class Meta:
        indexes = [models.Index(fields=["recognition", "label"], name="spans_by_label")]

    def __str__(self) -> str:
        return f"{self.label} {self.start_s:.1f}-{self.end_s:.1f} s"
