"""People of a team, and where they appear: tracks through a video, and single views of faces."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from webapp.folded_fields import FoldedField, PinyinField
from webapp.people.identification.models import LiveGuess as LiveGuess  # Django finds its models from here
from webapp.people.introduction.models import Introduction as Introduction  # Django finds its models from here
from webapp.team_scope import TeamOwned


def title_without_name(number: int) -> str:
    """Returns what somebody is called who has no name yet, in the reader's language."""
    return gettext("Person %(number)d") % {"number": number}


class Person(TeamOwned):
    """Somebody who appears in a team's videos; unnamed until a person names them."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    team = models.ForeignKey("accounts.Team", models.CASCADE, related_name="people")
    name = models.CharField(_("name"), max_length=120, blank=True)
    folded_name = FoldedField("name")
    pinyin = PinyinField("name")
    number = models.PositiveIntegerField()
    """Shown as "Person 3" while there is no name; counted within the team and never used again."""
    hue = models.PositiveSmallIntegerField()
    """Index of the colour (0-11) that marks this person everywhere."""
    created_at = models.DateTimeField(auto_now_add=True)

    portrait = models.ForeignKey("Face", models.SET_NULL, null=True, related_name="+")
    """What is shown; chosen by somebody, or else a good view. Kept by `webapp.people.summary_services`."""
    chosen_portrait = models.ForeignKey("Face", models.SET_NULL, null=True, related_name="+")
    is_hidden = models.BooleanField(default=False)
    """Left out of the list of people."""
    is_deleted = models.BooleanField(default=False)
    """Shown nowhere. The row stays, so that it can be undone and later analyses keep to it."""
    merged_into = models.ForeignKey("self", models.SET_NULL, null=True, related_name="merged")
    """This person was merged into that one, and has no tracks while that stands."""
    join_from = models.FloatField(null=True)
    suggest_from = models.FloatField(null=True)
    """Accept and review threshold of this person, cosines, where an admin has set them; else those of the model."""

    is_unnamed = models.GeneratedField(
        expression=models.ExpressionWrapper(Q(name=""), models.BooleanField()),
        output_field=models.BooleanField(),
        db_persist=True,
    )
    """Orders the list of 60,000 people by an index."""
    appearances = models.PositiveIntegerField(default=0)
    videos = models.PositiveIntegerField(default=0)
    screen_s = models.FloatField(default=0)
    first_seen_at = models.DateTimeField(null=True)
    last_seen_at = models.DateTimeField(null=True)
    """When the first and last video came that shows this person.

    These five are kept by `webapp.people.summary_services`."""

    class Meta:
        verbose_name_plural = "people"
        constraints = [models.UniqueConstraint(fields=["team", "number"], name="one_person_per_number")]
        indexes = [
            # Everything that a search for a name asks for, so that no row is read that does not fit.
            models.Index(
                fields=["team", "folded_name", "pinyin", "merged_into", "is_deleted", "is_hidden", "appearances"],
                name="people_by_name",
            ),
            models.Index(fields=["team", "pinyin", "folded_name"], name="people_by_pinyin"),
            models.Index(fields=["team", "is_unnamed", "-screen_s", "number"], name="people_in_order"),
            # Everything that counting asks for, so that 60,000 people are counted without reading their rows.
            models.Index(
                fields=["team", "merged_into", "is_hidden", "is_unnamed", "appearances", "is_deleted"],
                name="people_counted",
            ),
        ]

    def __str__(self) -> str:
        return self.name or title_without_name(self.number)

    @property
    def is_standing(self) -> bool:
        """Whether `STANDING` holds."""
        return self.merged_into_id is None and not self.is_deleted


STANDING = Q(merged_into=None, is_deleted=False)
"""People who are there: neither merged into somebody else nor deleted."""


class LastNumber(TeamOwned):
    """The highest number that a team has given to a person, so that none is used again."""

    team = models.OneToOneField("accounts.Team", models.CASCADE, primary_key=True, related_name="+")
    number = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.team_id}: {self.number}"


class EventKind(models.TextChoices):
    """What somebody did with people; each can be undone."""

    NAME = "name"
    MERGE = "merge"
    SPLIT = "split"
    MOVE = "move"
    GIVE = "give"
    UNCLEAR = "unclear"
    HIDE = "hide"
    SHOW = "show"
    PORTRAIT = "portrait"
    DELETE = "delete"
    APART = "apart"
    THRESHOLDS = "limits"


class Event(TeamOwned):
    """One operation on people: who, when, what, and what undoes it. Written by `webapp.people.acts.events` alone.

    Moves: stands (`undone_at` is None) -> undone, once.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    team = models.ForeignKey("accounts.Team", models.CASCADE, related_name="+")
    act = models.CharField(max_length=10, choices=EventKind.choices)
    people = models.ManyToManyField(Person, related_name="events")
    """Whose history shows it."""
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    made_at = models.DateTimeField(auto_now_add=True)
    undone_at = models.DateTimeField(null=True)
    undone_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    changes = models.JSONField(default=list)
    """`webapp.people.acts.events.FieldChange` values as JSON: which field of which rows held what before and after."""
    words = models.JSONField(default=dict)
    """Names and counts of that time, for the sentence in the history; the portrait that was shown."""

    class Meta:
        indexes = [models.Index(fields=["team", "-made_at"])]

    def __str__(self) -> str:
        return f"{self.act} {self.pk}"


class Moved(TeamOwned):
    """A track that an event gave from one person to another; None: an unclear face, which is nobody.

    A new analysis of the video puts its own tracks here.
    """

    team_path = "event__team"
    event = models.ForeignKey(Event, models.CASCADE, related_name="moved")
    track = models.ForeignKey("Track", models.CASCADE, related_name="+")
    before = models.ForeignKey(Person, models.CASCADE, null=True, related_name="+")
    after = models.ForeignKey(Person, models.CASCADE, null=True, related_name="+")

    def __str__(self) -> str:
        return f"track {self.track_id}"


class Apart(TeamOwned):
    """A cannot-link constraint: somebody said that these are two people. Whoever they are merged into inherits it."""

    team = models.ForeignKey("accounts.Team", models.CASCADE, related_name="+")
    first = models.ForeignKey(Person, models.CASCADE, related_name="+")
    second = models.ForeignKey(Person, models.CASCADE, related_name="+")
    stands = models.BooleanField(default=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(first=models.F("second")), name="apart_two_people")]
        indexes = [models.Index(fields=["team", "stands"])]

    def __str__(self) -> str:
        return f"{self.first_id} is not {self.second_id}"


class Verdict(TeamOwned):
    """A must-link or cannot-link constraint: somebody said that this appearance is, or is not, that person.

    It keeps where and when the face was seen, so that it holds for every later analysis of the video, even after one
    that did not find the face.
    """

    team_path = "video__team"
    video = models.ForeignKey("videos.Video", models.CASCADE, related_name="+")
    track = models.ForeignKey("Track", models.SET_NULL, null=True, related_name="verdicts")
    """The track that shows this appearance now."""
    person = models.ForeignKey(Person, models.CASCADE, related_name="+")
    is_same = models.BooleanField()
    stands = models.BooleanField(default=True)
    start_s = models.FloatField()
    samples = models.BinaryField()
    """As `Track.samples`."""

    class Meta:
        indexes = [models.Index(fields=["video", "stands"])]

    def __str__(self) -> str:
        return f"{'is' if self.is_same else 'is not'} {self.person_id}"


class DecisionKind(models.TextChoices):
    """How a group of faces of one analysis became a person."""

    FOUNDED = "founded"
    """Nobody of the team was similar enough."""
    IDENTIFIED = "identified"
    CARRIED = "carried"
    """The same faces at the same moments were this person in the analysis before."""
    HUMAN = "human"


class Decision(TeamOwned):
    """Why a group of tracks of one analysis is the person that it is: what was compared when it was decided.

    Nothing changes it later; what people do afterwards are events.
    """

    team_path = "analysis__video__team"
    analysis = models.ForeignKey("videos.Analysis", models.CASCADE, related_name="+")
    kind = models.CharField(max_length=10, choices=DecisionKind.choices)
    embedder = models.CharField(max_length=60)
    grouped_from = models.FloatField(null=True)
    """Least similarity of that time within a video; see `Track.join_similarity`."""
    nearest = models.ForeignKey(Person, models.SET_NULL, null=True, related_name="+")
    """Whom the group was nearest to: that person if it was identified, and not near enough if it founded one."""
    similarity = models.FloatField(null=True)
    limit = models.FloatField(null=True)
    """Accept threshold of `nearest` at that time; None where nobody was compared."""
    runner_up = models.ForeignKey(Person, models.SET_NULL, null=True, related_name="+")
    runner_up_similarity = models.FloatField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(kind="identified") | Q(similarity__gte=models.F("limit")), name="identified_from_limit"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} in {self.analysis_id}"


class Track(TeamOwned):
    """A tracklet: one face followed through a stretch of a video without a cut; behind time bars and boxes."""

    team_path = "analysis__video__team"
    id = models.BigAutoField(primary_key=True)
    analysis = models.ForeignKey("videos.Analysis", models.CASCADE, related_name="tracks")
    segment = models.ForeignKey("videos.Segment", models.CASCADE, related_name="tracks")
    person = models.ForeignKey(Person, models.SET_NULL, null=True, related_name="tracks")
    """None until the analysis has grouped its tracks, and afterwards for unclear faces, which are nobody."""
    joined_to = models.ForeignKey("self", models.SET_NULL, null=True, related_name="continuations")
    """The first tracklet of the appearance, where the border of a segment cut it into several."""
    start_s = models.FloatField()
    end_s = models.FloatField()
    decision = models.ForeignKey(Decision, models.SET_NULL, null=True, related_name="tracks")
    """Of the person's group in its analysis; None for unclear faces, and for what earlier versions decided."""
    join_similarity = models.FloatField(null=True)
    """At which the appearance joined others of its group, by clear views; None where views did not decide."""
    samples = models.BinaryField()
    """float32 little-endian rows (time_s - start_s, x1, y1, x2, y2, score); see `webapp.people.sample_codec`."""
    reaches_start = models.BooleanField(default=False)
    reaches_end = models.BooleanField(default=False)
    seen = models.BinaryField(default=b"")
    """Stretches in which the face is seen (`analysis.faces.seen_spans`), as `sample_codec.pack_spans`: all bars, shares
    and times on screen are computed from these."""

    class Meta:
        indexes = [models.Index(fields=["analysis", "start_s"]), models.Index(fields=["person", "analysis"])]

    def __str__(self) -> str:
        return f"track {self.pk} {self.start_s:.1f}-{self.end_s:.1f} s"


class Presence(TeamOwned):
    """That a person is in a video that is shown, and how much: what cards and filters read instead of all tracks.

    Kept by `webapp.people.summary_services` for everybody who is not deleted.
    """

    team_path = "person__team"
    analysis = models.ForeignKey("videos.Analysis", models.CASCADE, related_name="+", db_index=False)
    person = models.ForeignKey(Person, models.CASCADE, related_name="presences")
    appearances = models.PositiveIntegerField()
    screen_s = models.FloatField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["analysis", "person"], name="one_presence_in_a_video")]
        indexes = [models.Index(fields=["analysis", "-screen_s", "person"], name="presences_in_order")]

    def __str__(self) -> str:
        return f"{self.person_id} in {self.analysis_id}"


class Face(TeamOwned):
    """One view of a face: a picture to show and an embedding to compare.

    Without a track it is preliminary: found by the keyframe scan, shown until the analysis is done, then deleted.
    """

    team_path = "analysis__video__team"
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
    presence = models.FloatField(null=True)
    yaw_deg = models.FloatField(null=True)
    pitch_deg = models.FloatField(null=True)
    sharpness = models.FloatField(null=True)
    """As in `analysis.types.ViewMeasures`; None for a view of before they were measured."""
    embedding = models.BinaryField()
    """float32 little-endian, length 1; the model's name stands on the analysis."""
    picture_key = models.CharField(max_length=255)
    picture_landmarks = models.BinaryField(null=True)
    """(5, 2) float32 in shares of the picture's sides; None where they were not stored."""
    preliminary_group = models.PositiveIntegerField(null=True)
    """Rough group of a preliminary face, so that each likely person is shown once."""

    class Meta:
        indexes = [
            models.Index(fields=["analysis", "time_s"]),
            models.Index(fields=["analysis"], condition=Q(presence=None), name="faces_unmeasured"),
        ]

    def __str__(self) -> str:
        return f"face {self.pk} at {self.time_s:.1f} s"


class ReferenceSet(TeamOwned):
    """The gallery templates of one person for one embedder; kept by `webapp.people.gallery_services`."""

    team = models.ForeignKey("accounts.Team", models.CASCADE, related_name="+", db_index=False)
    """The person's, so that whether anything has changed is seen without reading 60,000 people."""
    person = models.ForeignKey(Person, models.CASCADE, related_name="reference_sets")
    embedder = models.CharField(max_length=60)
    count = models.PositiveSmallIntegerField()
    vectors = models.BinaryField()
    """`count` rows of float16, little-endian, length 1."""
    face_ids = models.JSONField(default=list)
    """The best view behind each of them."""
    quality = models.FloatField(default=0)
    """Of the best view, 0 to 1: how well somebody can tell from it who it is."""

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "embedder"], name="one_reference_set_per_embedder")]
        indexes = [models.Index(fields=["team", "embedder", "id"], name="reference_sets_of_team")]

    def __str__(self) -> str:
        return f"{self.count} templates of {self.person_id}"


class Suggestion(TeamOwned):
    """Two people who may be one, by the similarity of their faces; open until they are merged or told apart."""

    team = models.ForeignKey("accounts.Team", models.CASCADE, related_name="+")
    first = models.ForeignKey(Person, models.CASCADE, related_name="+")
    """The newer one."""
    second = models.ForeignKey(Person, models.CASCADE, related_name="+")
    likeness = models.FloatField()
    is_within_video = models.BooleanField(default=False)
    """The grouping of one video left these two apart, rather than the comparison of two videos."""
    skipped_at = models.DateTimeField(null=True)
    """Somebody skipped it; it comes again after all others."""

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(first=models.F("second")), name="suggestion_two_people")]
        indexes = [models.Index(fields=["team", "-likeness"])]

    def __str__(self) -> str:
        return f"{self.first_id} may be {self.second_id}"
