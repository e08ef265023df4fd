"""Datasets of a team: their labels, samples, imports, every labelling act, and the frozen versions."""

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from webapp.accounts.models import Team
from webapp.datasets.choices import ActKind, DatasetKind, FindingKind, GroupBy, Outcome, Part, Source
from webapp.folded_fields import FoldedField, PinyinField
from webapp.jobs.models import Job
from webapp.team_scope import TeamOwned
from webapp.uploads.models import PartialUpload


class Dataset(TeamOwned):
    """Samples of one kind with the labels that they may bear. Files lie under `files_prefix` in `webapp.storage`."""

    are_few = True
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    team = models.ForeignKey("accounts.Team", models.CASCADE, related_name="datasets")
    name = models.CharField(_("name"), max_length=120)
    folded_name = FoldedField("name")
    pinyin = PinyinField("name")
    purpose = models.TextField(_("purpose"), max_length=1000, blank=True)
    kind = models.CharField(max_length=10, choices=DatasetKind.choices)
    keeps_samples = models.BooleanField(default=True)
    """Whether samples stay when the video that they were taken from is deleted."""
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    deleted_at = models.DateTimeField(null=True, db_index=True)
    """Set when somebody deletes it; files and rows go after the undo period."""
    last_number = models.PositiveIntegerField(default=0)
    """The highest number given to a sample, so that none is used again."""
    labels_at_suggestion = models.PositiveIntegerField(default=0)
    """How many samples had a label when suggestions were last made: they are made anew when that has grown."""

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(kind__in=DatasetKind.values), name="dataset_kind_known")]
        indexes = [models.Index(fields=["team", "-created_at"])]

    def __str__(self) -> str:
        return self.name

    @property
    def files_prefix(self) -> str:
        return f"teams/{self.team_id}/datasets/{self.pk}"


class Label(TeamOwned):
    """What a sample can be said to show. Two names that fold alike (`webapp.name_folding`) are one label."""

    team_path = "dataset__team"
    dataset = models.ForeignKey(Dataset, models.CASCADE, related_name="labels")
    name = models.CharField(_("name"), max_length=80)
    folded_name = FoldedField("name")
    pinyin = PinyinField("name")
    hue = models.PositiveSmallIntegerField(default=0)
    """Index of the colour (0-11) that marks this label everywhere."""
    key = models.CharField(max_length=1, blank=True)
    """The key that gives it in the grid."""
    position = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["dataset", "folded_name"], name="one_label_per_name"),
            models.UniqueConstraint(fields=["dataset", "key"], condition=~Q(key=""), name="one_label_per_key"),
        ]

    def __str__(self) -> str:
        return self.name


class Import(TeamOwned):
    """One filling of a dataset: a job that goes through a list of items and may be broken off at any point.

    Items have a fixed order; `items_done` is how many are dealt with, so that a repeated attempt goes on behind them.
    Files that were uploaded for it lie under `inbox_prefix` until it ends.
    """

    team_path = "dataset__team"
    are_few = True
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    dataset = models.ForeignKey(Dataset, models.CASCADE, related_name="imports")
    job = models.OneToOneField(Job, models.SET_NULL, null=True, related_name="dataset_import")
    """None while files for it are still arriving."""
    source = models.CharField(max_length=10, choices=Source.choices)
    options = models.JSONField(default=dict)
    """What was chosen in the form; see `webapp.datasets.importing.option_types`."""
    title = models.CharField(max_length=255, blank=True)
    """What the page calls it: a file's name, a person's, "3 videos"."""
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    items_done = models.PositiveIntegerField(default=0)
    items_total = models.PositiveIntegerField(default=0)
    counts = models.JSONField(default=dict)
    """How many items had each `Outcome`."""
    undone_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(source__in=Source.values), name="import_source_known")]
        indexes = [models.Index(fields=["dataset", "-created_at"])]

    def __str__(self) -> str:
        return f"import {self.pk} into {self.dataset_id}"

    @property
    def inbox_prefix(self) -> str:
        return f"teams/{self.dataset.team_id}/inbox/{self.pk}"


class ImportUpload(TeamOwned, PartialUpload):
    """A file for an import (a ZIP, a video). Once complete it lies in the inbox; the row stays until the job ends."""

    team_path = "of_import__dataset__team"
    of_import = models.ForeignKey(Import, models.CASCADE, related_name="uploads")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    name = models.CharField(max_length=255)
    is_stored = models.BooleanField(default=False)

    @property
    def team(self) -> Team:
        return self.of_import.dataset.team

    @classmethod
    def unfinished(cls) -> "QuerySet[Any]":
        return super().unfinished().filter(is_stored=False)

    @property
    def percent(self) -> int:
        return int(100 * self.offset_bytes / self.size_bytes)

    def __str__(self) -> str:
        return f"{self.name} ({self.offset_bytes} of {self.size_bytes})"


class ImportProblem(TeamOwned):
    """An item that was not added, and why; only the first thousand of an import are kept."""

    team_path = "of_import__dataset__team"
    of_import = models.ForeignKey(Import, models.CASCADE, related_name="problems")
    item = models.PositiveIntegerField()
    name = models.CharField(max_length=500)
    outcome = models.CharField(max_length=20, choices=Outcome.choices)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["of_import", "item"], name="one_problem_per_item")]

    def __str__(self) -> str:
        return f"{self.name}: {self.outcome}"


class Sample(TeamOwned):
    """One picture or clip. Pages name it by its dataset and number."""

    team_path = "dataset__team"
    id = models.BigAutoField(primary_key=True)
    dataset = models.ForeignKey(Dataset, models.CASCADE, related_name="samples")
    number = models.PositiveIntegerField()
    came_with = models.ForeignKey(Import, models.CASCADE, related_name="samples")
    name = models.CharField(max_length=500, blank=True)
    """Of the uploaded file; shown and offered on download, never used as a path."""
    key = models.CharField(max_length=255)
    thumbnail_key = models.CharField(max_length=255)
    media_type = models.CharField(max_length=40)
    size_bytes = models.PositiveBigIntegerField(default=0)
    sha256 = models.CharField(max_length=64)
    """Of the stored file."""
    width = models.PositiveIntegerField(default=0)
    height = models.PositiveIntegerField(default=0)
    duration_s = models.FloatField(default=0)

    video = models.ForeignKey("videos.Video", models.SET_NULL, null=True, related_name="+")
    time_s = models.FloatField(null=True)
    """Container time in the video."""
    track = models.ForeignKey("people.Track", models.SET_NULL, null=True, related_name="+")
    person = models.ForeignKey("people.Person", models.SET_NULL, null=True, related_name="+")
    source = models.CharField(max_length=255)
    """Samples with the same source are never parted by a split: a video's id, or what a sources.csv says."""
    source_name = models.CharField(max_length=255, blank=True)
    identity = models.CharField(max_length=255, blank=True)
    """Whose face it is, for splits by person: a person's id, or what a sources.csv says. Empty where unknown."""
    sequence = models.CharField(max_length=64, blank=True)
    """Neighbours that mostly bear one label: the track, or the shot."""

    part = models.CharField(max_length=10, choices=Part.choices, blank=True)
    """What it is for where that came with it: a folder or a list of its archive said so."""

    label = models.ForeignKey(Label, models.SET_NULL, null=True, related_name="samples")
    is_left_out = models.BooleanField(default=False)
    """Stays in the dataset but goes into no version."""
    revision = models.PositiveIntegerField(default=0)
    """Rises with every act on it; an act that has seen an older one does not count."""
    last_act = models.ForeignKey("LabellingAct", models.SET_NULL, null=True, related_name="+")
    removed_at = models.DateTimeField(null=True)
    """Set when its import is undone or its video goes; the file stays as long as a version holds it."""

    suggested = models.ForeignKey(Label, models.SET_NULL, null=True, related_name="+")
    certainty = models.FloatField(null=True)
    """0..1, of the suggestion."""

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["dataset", "number"], name="one_sample_per_number"),
            models.UniqueConstraint(
                fields=["dataset", "sha256"], condition=Q(removed_at=None), name="one_sample_per_content"
            ),
        ]
        indexes = [
            # With everything that counting needs, so that 100,000 rows themselves need not be read.
            models.Index(
                fields=["dataset", "label", "number", "is_left_out"],
                condition=Q(removed_at=None),
                name="samples_by_label_and_number",
            ),
            models.Index(
                fields=["dataset", "label", "certainty", "number"],
                condition=Q(removed_at=None, label=None, suggested__isnull=False, is_left_out=False),
                name="samples_in_doubt",
            ),
            models.Index(
                fields=["dataset", "source", "sequence"], condition=Q(removed_at=None), name="samples_by_sequence"
            ),
            models.Index(fields=["dataset", "video"], condition=Q(removed_at=None), name="samples_by_video"),
        ]

    def __str__(self) -> str:
        return f"sample {self.number} of {self.dataset_id}"


class SampleBoxes(TeamOwned):
    """The boxes that came with a sample's picture, in an archive laid out for detection; apart from the many samples
    that have none."""

    team_path = "sample__dataset__team"
    sample = models.OneToOneField(Sample, models.CASCADE, primary_key=True, related_name="boxes")
    picture = models.CharField(max_length=500)
    """Its path in the archive; shown, never used as a path."""
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    """Of the picture as it is seen, in pixels."""
    is_cut_out = models.BooleanField()
    """The sample is the only box; else the picture itself, which one class is in."""
    boxes = models.JSONField()
    """[[left, top, width, height, class], ...] in pixels of the picture."""

    def __str__(self) -> str:
        return f"{len(self.boxes)} boxes of {self.picture}"


class Measured(TeamOwned):
    """What was measured of a sample (of a clip: of its middle picture); apart, so that lists of samples stay light."""

    team_path = "sample__dataset__team"
    sample = models.OneToOneField(Sample, models.CASCADE, primary_key=True, related_name="measured")
    blur = models.FloatField()
    brightness = models.FloatField()
    highlights = models.FloatField()
    shadows = models.FloatField()
    contrast = models.FloatField()
    version = models.PositiveSmallIntegerField(default=0)
    """Of the measures above (`MEASURES_VERSION`): rows of another one are measured again; 0 is from before."""
    signature = models.BinaryField()
    embedder = models.CharField(max_length=60)
    embedding = models.BinaryField()
    """float16 little-endian, length 1; vectors of different embedders cannot be compared."""
    patterns_by = models.CharField(max_length=60, blank=True, default="")
    patterns = models.BinaryField(null=True)
    """As the embedding, of patterns in faces; made when the doctor doubts labels, and only where they tell more."""

    def __str__(self) -> str:
        return f"measures of {self.sample_id}"


class LabellingAct(TeamOwned):
    """One labelling act on any number of samples, which can be undone for those that nobody changed since."""

    team_path = "dataset__team"
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    dataset = models.ForeignKey(Dataset, models.CASCADE, related_name="acts")
    kind = models.CharField(max_length=10, choices=ActKind.choices)
    label = models.ForeignKey(Label, models.SET_NULL, null=True, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    undone_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["dataset", "-created_at"])]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class LabelChange(TeamOwned):
    """What an act changed on one sample: enough to undo it."""

    team_path = "act__dataset__team"
    act = models.ForeignKey(LabellingAct, models.CASCADE, related_name="changes")
    sample = models.ForeignKey(Sample, models.CASCADE, related_name="changes")
    label_before = models.ForeignKey(Label, models.SET_NULL, null=True, related_name="+")
    was_left_out = models.BooleanField()
    act_before = models.ForeignKey(LabellingAct, models.SET_NULL, null=True, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["act", "sample"], name="one_change_per_sample")]

    def __str__(self) -> str:
        return f"{self.act_id} on {self.sample_id}"


class Checkup(TeamOwned):
    """One scan by the doctor: a job, and what it found."""

    team_path = "dataset__team"
    are_few = True
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    dataset = models.ForeignKey(Dataset, models.CASCADE, related_name="checkups")
    job = models.OneToOneField(Job, models.SET_NULL, null=True, related_name="checkup")
    created_at = models.DateTimeField(auto_now_add=True)
    samples_seen = models.PositiveIntegerField(default=0)

    class Meta:
        indexes = [models.Index(fields=["dataset", "-created_at"])]

    def __str__(self) -> str:
        return f"checkup {self.pk} of {self.dataset_id}"


class Finding(TeamOwned):
    """One thing that the doctor found, with its samples and what would fix it."""

    team_path = "checkup__dataset__team"
    checkup = models.ForeignKey(Checkup, models.CASCADE, related_name="findings")
    kind = models.CharField(max_length=20, choices=FindingKind.choices)
    facts = models.JSONField(default=dict)
    """Numbers for the sentence: which label, how many, how many would be enough."""
    samples = models.JSONField(default=list)
    """[[number, severity, other], ...], worst first; `other` is the id of the label that fits better, or the number of
    the sample that this one repeats, or None."""
    acts = models.ManyToManyField(LabellingAct, related_name="+")
    """The fix, once it was pressed, until it is undone."""
    dismissed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.kind} in {self.checkup_id}"


class Version(TeamOwned):
    """A frozen state of a dataset: never changed, only deleted."""

    team_path = "dataset__team"
    are_few = True
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    dataset = models.ForeignKey(Dataset, models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    fingerprint = models.CharField(max_length=64)
    """SHA-256 over the kind and the sorted pairs of content and label: the same content has the same one."""
    note = models.TextField(max_length=1000, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    deleted_at = models.DateTimeField(null=True, db_index=True)
    keep_together = models.CharField(max_length=10, choices=GroupBy.choices)
    seed = models.PositiveIntegerField()
    shares = models.JSONField(default=dict)
    """Requested share of each part, 0..1."""
    statistics = models.JSONField(default=dict)
    """"samples", "sources", "labels": {name: {part: count}}, "warnings": [code]."""

    class Meta:
        constraints = [models.UniqueConstraint(fields=["dataset", "number"], name="one_version_per_number")]
        indexes = [models.Index(fields=["dataset", "fingerprint"])]

    def __str__(self) -> str:
        return f"version {self.number} of {self.dataset_id}"


class VersionSample(TeamOwned):
    """A sample as it was when the version was frozen."""

    team_path = "version__dataset__team"
    version = models.ForeignKey(Version, models.CASCADE, related_name="samples")
    sample = models.ForeignKey(Sample, models.PROTECT, related_name="frozen_in")
    label = models.CharField(max_length=80)
    """The name that the label had."""
    part = models.CharField(max_length=10, choices=Part.choices)
    source = models.CharField(max_length=255)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["version", "sample"], name="one_place_in_a_version")]
        indexes = [models.Index(fields=["version", "part", "label"])]

    def __str__(self) -> str:
        return f"{self.sample_id} in {self.version_id}"
