"""Training runs, their predictions for held-out samples, explanations, and which model is deployed."""

import uuid
from typing import cast

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from analysis.training.run_document import RunDocument
from webapp.datasets.choices import DatasetKind, Part
from webapp.jobs.models import Job, Status
from webapp.team_scope import TeamOwned


class RecipeChoice(models.TextChoices):
    """Values as in `analysis.training.config.Recipe`; a test compares them."""

    AUTO = "auto", _("Recommended")
    TUTORIAL = "tutorial", _("Small network")
    FINETUNE = "finetune", _("Fine-tune a network")
    FACE_HEAD = "face-head", _("Small classifier for faces")
    SEQUENCE = "sequence", _("Frame sequence")


class RequestedAction(models.TextChoices):
    """What somebody asked of a run in work; the worker does it at its next report. Stored in `TrainingRun.wish`."""

    NOTHING = "", _("Nothing")
    KEEP = "keep", _("Keep the best so far")


class RunState(models.TextChoices):
    """The state of a run as people see it; derived from its job and `paused_at`, never stored."""

    WAITING = "waiting", _("Waiting")
    RUNNING = "running", _("Training")
    PAUSED = "paused", _("Paused")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Cancelled")


class Line(models.Model):
    """Counts the runs on versions of one dataset; has the dataset's id, and outlives it and its runs."""

    id = models.UUIDField(primary_key=True)
    last_number = models.PositiveIntegerField(default=0)
    """The highest number given to a run, so that none is used again."""

    def __str__(self) -> str:
        return f"line {self.pk}"


class TrainingRun(TeamOwned):
    """One training on one version of a dataset. Files (checkpoint, model, card) lie under `files_prefix`.

    It outlives its version and its dataset: what pages say of them is kept here. `line` stays the dataset's id also
    after the dataset has gone; of all runs of a line at most one is deployed (`Promotion`).
    """

    are_few = True
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    team = models.ForeignKey("accounts.Team", models.CASCADE, related_name="training_runs")
    number = models.PositiveIntegerField()
    """Shown as "Run 3"; counted within the line and never used again."""
    line = models.UUIDField(db_index=True)
    dataset = models.ForeignKey("datasets.Dataset", models.SET_NULL, null=True, related_name="training_runs")
    dataset_name = models.CharField(max_length=120)
    kind = models.CharField(max_length=10, choices=DatasetKind.choices)
    version = models.ForeignKey("datasets.Version", models.SET_NULL, null=True, related_name="training_runs")
    version_number = models.PositiveIntegerField()
    version_fingerprint = models.CharField(max_length=64)
    data = models.JSONField(default=dict)
    """`Version.statistics` as they were: labels with counts, parts, warnings."""
    note = models.TextField(_("note"), max_length=1000, blank=True)

    recipe = models.CharField(max_length=20, choices=RecipeChoice.choices, default=RecipeChoice.AUTO)
    config = models.JSONField(default=dict)
    """`analysis.training.config.TrainingConfig.as_json()`."""
    trials = models.PositiveIntegerField(default=0)
    """More than 0: so many settings are tried first, and the best are trained with."""

    job = models.ForeignKey(Job, models.SET_NULL, null=True, related_name="+")
    """The latest of its jobs: resuming after a pause is a new one."""
    wish = models.CharField(max_length=10, choices=RequestedAction.choices, default=RequestedAction.NOTHING, blank=True)
    paused_at = models.DateTimeField(null=True)
    """Set when its job was ended to be resumed later; the checkpoint stays."""
    moment = models.JSONField(default=dict)
    """The latest `TrainingProgress` as the page needs it: device, epoch, speed, note."""
    history = models.JSONField(default=list)
    """One entry for each epoch, as `history` in run.json."""
    search = models.JSONField(default=dict)
    """`tune.json` so far; empty without a search."""
    result = models.JSONField(default=dict)
    """`run.json` once it is done; the page reads it from here."""
    files = models.JSONField(default=dict)
    """SHA-256 of each file of the model, `run.json` included, so that a later change is noticed."""

    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    deleted_at = models.DateTimeField(null=True, db_index=True)
    """Set when somebody deletes it; files and rows go after the undo period."""

    class Meta:
        constraints = [models.UniqueConstraint(fields=["line", "number"], name="one_run_per_number")]
        indexes = [models.Index(fields=["team", "-created_at"])]

    def __str__(self) -> str:
        return f"run {self.number} of {self.line}"

    @property
    def document(self) -> RunDocument:
        """Typed `result`, of a run that is done."""
        return cast(RunDocument, self.result)

    @property
    def files_prefix(self) -> str:
        return f"teams/{self.team_id}/training/{self.pk}"

    @property
    def state(self) -> RunState:
        if self.paused_at is not None:
            return RunState.PAUSED
        if self.job is None:
            return RunState.CANCELLED
        if self.job.status == Status.QUEUED:
            return RunState.WAITING
        return RunState(self.job.status)


class HeldOutPrediction(TeamOwned):
    """What the model of a run predicted for one sample that it was not trained on.

    `truth` is the target, `said` the predicted label.
    """

    team_path = "run__team"
    run = models.ForeignKey(TrainingRun, models.CASCADE, related_name="held_out_predictions")
    sample = models.ForeignKey("datasets.Sample", models.SET_NULL, null=True, related_name="+")
    part = models.CharField(max_length=10, choices=Part.choices)
    truth = models.CharField(max_length=80)
    said = models.CharField(max_length=80)
    certainty = models.FloatField()
    """0..1, the score of the predicted label."""
    scores = models.JSONField(default=list)
    """One for each label of the run, in its order; they sum to 1."""

    class Meta:
        indexes = [models.Index(fields=["run", "part", "truth", "said", "certainty"])]

    def __str__(self) -> str:
        return f"{self.said} for {self.truth}"


class Explanation(TeamOwned):
    """What a run's model predicts for one picture or clip, with a heat map of what speaks for it."""

    team_path = "run__team"
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    run = models.ForeignKey(TrainingRun, models.CASCADE, related_name="explanations")
    job = models.ForeignKey(Job, models.SET_NULL, null=True, related_name="+")
    sample = models.ForeignKey("datasets.Sample", models.CASCADE, null=True, related_name="+")
    """None for a file that somebody tries; that lies at `file_key` until `expires_at`."""
    file_key = models.CharField(max_length=255, blank=True)
    file_name = models.CharField(max_length=255, blank=True)
    video = models.ForeignKey("videos.Video", models.CASCADE, null=True, related_name="+")
    time_s = models.FloatField(null=True)
    """Container time, for a frame of a video."""
    label = models.CharField(max_length=80, blank=True)
    """The label that the heat map explains; empty: the predicted one."""
    result = models.JSONField(default=dict)
    """"said", "scores": {label: p}, "over_time": [0..1], "nearest": [sample number]."""
    heat_key = models.CharField(max_length=255, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, db_index=True)

    class Meta:
        indexes = [models.Index(fields=["run", "sample", "label"])]

    def __str__(self) -> str:
        return f"explanation by {self.run_id} of {self.sample_id or self.file_name}"


class Promotion(TeamOwned):
    """Which run of a line is deployed since when, and by whom. The latest row of a line counts; `run` None: no model.

    Rolling back is a new row with an earlier run.
    """

    team = models.ForeignKey("accounts.Team", models.CASCADE, related_name="promotions")
    line = models.UUIDField()
    run = models.ForeignKey(TrainingRun, models.CASCADE, null=True, related_name="promotions")
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    made_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["line", "-made_at"])]

    def __str__(self) -> str:
        return f"{self.run_id} deployed in {self.line}"
