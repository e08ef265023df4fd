"""What promoted models found in videos: a look at a video, its single observations, and spans for the timeline."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from webapp.jobs.models import Job


class Recognition(models.Model):
    """One look of one model at one analysed video, a job of its own.

    Moves: being made -> waiting to be taken over (`ended_at`) -> current (`taken_over_at`) -> replaced
    (`replaced_at`). One that a person asked for on old videos waits for them; others are taken over at once. Of a
    video and a line of models at most one is current.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    video = models.ForeignKey("videos.Video", models.CASCADE, related_name="recognitions")
    analysis = models.ForeignKey("videos.Analysis", models.SET_NULL, null=True, related_name="+")
    run = models.ForeignKey("training.TrainingRun", models.CASCADE, related_name="recognitions")
    line = models.UUIDField()
    """Of the run."""
    batch = models.UUIDField(null=True, db_index=True)
    """Those that were asked for together, whose difference is shown together; None: made with the analysis."""
    job = models.ForeignKey(Job, models.SET_NULL, null=True, related_name="+")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True)
    taken_over_at = models.DateTimeField(null=True)
    replaced_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["video", "line"],
                condition=Q(taken_over_at__isnull=False, replaced_at=None),
                name="one_current_recognition",
            )
        ]

    def __str__(self) -> str:
        return f"{self.run_id} on {self.video_id}"


class Observation(models.Model):
    """What the model says at one place: of a face (track), a frame, or a clip that begins at `time_s`."""

    recognition = models.ForeignKey(Recognition, models.CASCADE, related_name="observations")
    time_s = models.FloatField()
    duration_s = models.FloatField(default=0)
    track = models.ForeignKey("people.Track", models.SET_NULL, null=True, related_name="+")
    label = models.CharField(max_length=80)
    certainty = models.FloatField()
    """0..1, the score of the label."""
    doubt = models.FloatField()
    """0..1; high where the two best scores are close."""
    scores = models.JSONField(default=list)
    """One for each label of the run, in its order."""

    class Meta:
        indexes = [models.Index(fields=["recognition", "time_s"]), models.Index(fields=["recognition", "-doubt"])]

    def __str__(self) -> str:
        return f"{self.label} at {self.time_s:.1f} s"


class Span(models.Model):
    """A stretch of a video that bears a label: a bar on the timeline."""

    recognition = models.ForeignKey(Recognition, models.CASCADE, related_name="spans")
    track = models.ForeignKey("people.Track", models.SET_NULL, null=True, related_name="+")
    label = models.CharField(max_length=80)
    start_s = models.FloatField()
    end_s = models.FloatField()
    score = models.FloatField()
    """0..1, the mean over its observations."""

    class Meta:
        indexes = [models.Index(fields=["recognition", "start_s"]), models.Index(fields=["label"])]

    def __str__(self) -> str:
        return f"{self.label} {self.start_s:.1f}-{self.end_s:.1f} s"
