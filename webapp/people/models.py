"""People of a team, and where they appear: tracks through a video, and single views of faces."""

import uuid
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from webapp.videos.models import Video


class Person(models.Model):
    """Somebody who appears in a team's videos; unnamed until a person names them."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    team = models.ForeignKey("accounts.Team", models.CASCADE, related_name="people")
    name = models.CharField(_("name"), max_length=120, blank=True)
    number = models.PositiveIntegerField()
    """Shown as "Person 3" while there is no name; counted within the team and never used again."""
    hue = models.PositiveSmallIntegerField()
    """Index of the colour (0-11) that marks this person everywhere."""
    portrait = models.ForeignKey("Face", models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    seen_in: "list[tuple[Video, float]]"
    """Not stored: set by `webapp.people.queries.attach_videos`."""

    class Meta:
        verbose_name_plural = "people"
        constraints = [models.UniqueConstraint(fields=["team", "number"], name="one_person_per_number")]
        indexes = [models.Index(fields=["team", "name"])]

    def __str__(self) -> str:
        return self.name or f"Person {self.number}"


class LastNumber(models.Model):
    """The highest number that a team has given to a person, so that none is used again."""

    team = models.OneToOneField("accounts.Team", models.CASCADE, primary_key=True, related_name="+")
    number = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.team_id}: {self.number}"


class Merge(models.Model):
    """Two people that turned out to be one; remembers what was moved, so that it can be undone."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    source = models.ForeignKey(Person, models.CASCADE, related_name="merges_from")
    """Keeps its number, colour and name, but has no tracks while the merge stands."""
    target = models.ForeignKey(Person, models.CASCADE, related_name="merges_into")
    track_ids = models.JSONField(default=list)
    source_portrait = models.ForeignKey("Face", models.SET_NULL, null=True, related_name="+")
    target_portrait = models.ForeignKey("Face", models.SET_NULL, null=True, related_name="+")
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    undone_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.source_id} into {self.target_id}"


class Track(models.Model):
    """One face followed through a stretch of a video without a cut; the piece of truth behind time bars and boxes."""

    id = models.BigAutoField(primary_key=True)
    analysis = models.ForeignKey("videos.Analysis", models.CASCADE, related_name="tracks")
    segment = models.ForeignKey("videos.Segment", models.CASCADE, related_name="tracks")
    person = models.ForeignKey(Person, models.SET_NULL, null=True, related_name="tracks")
    """None until the analysis has grouped its tracks."""
    joined_to = models.ForeignKey("self", models.SET_NULL, null=True, related_name="continuations")
    """The first piece, where a segment border cut one appearance into several."""
    start_s = models.FloatField()
    end_s = models.FloatField()
    samples = models.BinaryField()
    """float32 little-endian rows (time_s - start_s, x1, y1, x2, y2, score); see `webapp.people.samples`."""
    reaches_start = models.BooleanField(default=False)
    reaches_end = models.BooleanField(default=False)

    class Meta:
        indexes = [models.Index(fields=["analysis", "start_s"]), models.Index(fields=["person", "analysis"])]

    def __str__(self) -> str:
        return f"track {self.pk} {self.start_s:.1f}-{self.end_s:.1f} s"


class Face(models.Model):
    """One view of a face: a picture to show and an embedding to compare.

    Without a track it is preliminary: found by the keyframe scan, shown until the analysis is done, then deleted.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    analysis = models.ForeignKey("videos.Analysis", models.CASCADE, related_name="faces")
    track = models.ForeignKey(Track, models.CASCADE, null=True, related_name="faces")
    time_s = models.FloatField()
    x1 = models.FloatField()
    y1 = models.FloatField()
    x2 = models.FloatField()
    y2 = models.FloatField()
    score = models.FloatField()
    quality = models.FloatField()
    embedding = models.BinaryField()
    """float32 little-endian, length 1; the model's name stands on the analysis."""
    picture_key = models.CharField(max_length=255)
    preliminary_group = models.PositiveIntegerField(null=True)
    """Rough group of a preliminary face, so that each likely person is shown once."""

    class Meta:
        indexes = [models.Index(fields=["analysis", "time_s"])]

    def __str__(self) -> str:
        return f"face {self.pk} at {self.time_s:.1f} s"
