"""The introduction of a face embedder, or of new rules, beside what a team uses."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from webapp.team_scope import TeamOwned


class IntroductionState(models.TextChoices):
    """See `Introduction` for the moves."""

    PREPARING = "preparing"
    READY = "ready"
    SWITCHING = "switching"
    SWITCHED = "switched"
    ROLLING_BACK = "rolling_back"
    KEPT = "kept"
    ROLLED_BACK = "rolled_back"
    DISCARDED = "discarded"


OPEN_STATES = (
    IntroductionState.PREPARING,
    IntroductionState.READY,
    IntroductionState.SWITCHING,
    IntroductionState.ROLLING_BACK,
)


class Introduction(TeamOwned):
    """A new face embedder, or new rules for the same, prepared beside what is in use; it changes nobody until then.

    Moves: preparing <-> ready -> switching -> switched -> kept; switched -> rolling_back -> rolled_back; preparing |
    ready -> discarded. Of one team at most one is in the middle of something.
    """

    are_few = True
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    team = models.ForeignKey("accounts.Team", models.CASCADE, related_name="+")
    embedder = models.CharField(max_length=60)
    before = models.CharField(max_length=60)
    """The embedder in use when it began; the same where only the rules are new."""
    state = models.CharField(
        max_length=12, choices=IntroductionState.choices, default=IntroductionState.PREPARING, db_index=True
    )
    job = models.ForeignKey("jobs.Job", models.SET_NULL, null=True, related_name="+")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    switched_at = models.DateTimeField(null=True)
    stamp = models.CharField(max_length=64, blank=True)
    """What the plan was made from; see `webapp.people.introduction.queries.stamp_of`."""
    thresholds = models.JSONField(default=dict)
    """Estimated ones, where the operator gave none."""
    counts = models.JSONField(default=dict)
    summary = models.JSONField(default=dict)
    """What would change, for the page."""

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["team"], condition=Q(state__in=OPEN_STATES), name="one_open_introduction")
        ]

    def __str__(self) -> str:
        return f"{self.embedder} ({self.state})"

    @property
    def label(self) -> str:
        """The embedder's name without the digest, where it has one."""
        return self.embedder.rpartition(" ")[0] or self.embedder

    @property
    def is_rules(self) -> bool:
        """Whether only the rules are new."""
        return self.embedder == self.before


class IntroducedVectors(TeamOwned):
    """Vectors of some faces by the embedder that is not in use: the new one before the switch, the old one after it."""

    team_path = "introduction__team"
    introduction = models.ForeignKey(Introduction, models.CASCADE, related_name="vectors")
    analysis = models.ForeignKey("videos.Analysis", models.CASCADE, related_name="+")
    part = models.PositiveIntegerField()
    face_ids = models.BinaryField()
    """16 bytes each."""
    vectors = models.BinaryField()
    """float32, little-endian, one row for each face."""

    class Meta:
        constraints = [models.UniqueConstraint(fields=["introduction", "analysis", "part"], name="one_introduced_part")]

    def __str__(self) -> str:
        return f"part {self.part} of {self.analysis_id}"


class PlannedAnalysis(TeamOwned):
    """Whose the tracks of one video would be."""

    team_path = "introduction__team"
    introduction = models.ForeignKey(Introduction, models.CASCADE, related_name="planned")
    analysis = models.ForeignKey("videos.Analysis", models.CASCADE, related_name="+")
    changes = models.JSONField(default=list)
    """(track, person before, person after, joined to before, after) of tracks that change; ids, people as text."""

    class Meta:
        constraints = [models.UniqueConstraint(fields=["introduction", "analysis"], name="one_plan_per_analysis")]

    def __str__(self) -> str:
        return f"plan for {self.analysis_id}"
