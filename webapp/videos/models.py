"""Videos, their uploads, and the analyses that have been made of them."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from webapp.accounts.models import Team
from webapp.folded_fields import FoldedField, PinyinField
from webapp.jobs.models import Job, JobKind, Status
from webapp.team_scope import TeamOwned
from webapp.uploads.models import PartialUpload
from webapp.videos.errors import MAY_PASS_ANOTHER_TIME


class VideoState(models.TextChoices):
    """The state of a video as a whole; derived from `Video.current_job` and its upload, never stored."""

    UPLOADING = "uploading", _("Uploading")
    STOPPED = "stopped", _("Upload stopped")
    CHECKING = "checking", _("Checking")
    WAITING = "waiting", _("Waiting")
    ANALYSING = "analysing", _("Analysing")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Cancelled")


IN_STATE: dict[str, Q] = {
    VideoState.UPLOADING: Q(current_job=None, upload__stopped_at=None),
    VideoState.STOPPED: Q(current_job=None, upload__stopped_at__isnull=False),
    VideoState.CHECKING: Q(
        current_job__kind=JobKind.CHECK, current_job__status__in=[Status.QUEUED, Status.RUNNING, Status.DONE]
    ),
    VideoState.WAITING: Q(
        current_job__kind=JobKind.ANALYSIS, current_job__status=Status.QUEUED, current_job__started_at=None
    ),
    VideoState.ANALYSING: Q(current_job__kind=JobKind.ANALYSIS, current_job__status=Status.RUNNING)
    | Q(current_job__kind=JobKind.ANALYSIS, current_job__status=Status.QUEUED, current_job__started_at__isnull=False),
    VideoState.DONE: Q(current_job__kind=JobKind.ANALYSIS, current_job__status=Status.DONE),
    VideoState.FAILED: Q(current_job__status=Status.FAILED),
    VideoState.CANCELLED: Q(current_job__status=Status.CANCELLED),
}


class ThoroughnessChoice(models.TextChoices):
    """Values as in `analysis.types.Thoroughness`; a test compares them."""

    FAST = "fast", _("Fast")
    BALANCED = "balanced", _("Balanced")
    THOROUGH = "thorough", _("Thorough")


class Playback(models.TextChoices):
    """What a browser plays. `original` needs no copy."""

    UNKNOWN = "unknown", _("Unknown")
    ORIGINAL = "original", _("Original")
    PENDING = "pending", _("Making a copy")
    COPY = "copy", _("Copy for the browser")
    IMPOSSIBLE = "impossible", _("Cannot be played")


class Video(TeamOwned):
    """A video of a team, from the first uploaded byte on. Files live under `files_prefix` in `webapp.storage`."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    team = models.ForeignKey("accounts.Team", models.CASCADE, related_name="videos")
    title = models.CharField(_("title"), max_length=255)
    folded_title = FoldedField("title")
    pinyin = PinyinField("title")
    file_name = models.CharField(max_length=255)
    """Its name on the uploader's disk; shown and offered on download, never used as a path."""
    folded_file_name = FoldedField("file_name")
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    thoroughness = models.CharField(
        max_length=10, choices=ThoroughnessChoice.choices, default=ThoroughnessChoice.BALANCED
    )
    is_sample = models.BooleanField(default=False)

    current_job = models.ForeignKey(Job, models.SET_NULL, null=True, related_name="+")
    """The check or analysis that decides the state; None while the upload runs."""
    current_analysis = models.ForeignKey("Analysis", models.SET_NULL, null=True, related_name="+")
    """The finished analysis whose people are shown."""
    deleted_at = models.DateTimeField(null=True, db_index=True)
    """Set when somebody deletes it; files and rows go after the undo period."""

    duplicate_of = models.ForeignKey("self", models.SET_NULL, null=True, related_name="+")
    """The earlier video with the same content, where the check refused this one for it."""

    size_bytes = models.PositiveBigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True)
    duration_s = models.FloatField(default=0)
    width = models.PositiveIntegerField(default=0)
    height = models.PositiveIntegerField(default=0)
    rate_fps = models.FloatField(default=0)
    rotation_deg = models.PositiveSmallIntegerField(default=0)
    container = models.CharField(max_length=100, blank=True)
    video_codec = models.CharField(max_length=40, blank=True)
    audio_codec = models.CharField(max_length=40, blank=True)
    probed = models.JSONField(default=dict)
    """The library's whole `VideoInfo`, so that later steps need not open the file again; read through
    `webapp.videos.media_info`. What is searched or shown has columns of its own."""
    frames_damaged = models.PositiveIntegerField(default=0)

    original_key = models.CharField(max_length=255, blank=True)
    playback = models.CharField(max_length=10, choices=Playback.choices, default=Playback.UNKNOWN)
    copy_key = models.CharField(max_length=255, blank=True)
    playback_offset_s = models.FloatField(default=0)
    """Container time minus player time."""
    poster_key = models.CharField(max_length=255, blank=True)
    sprites_key = models.CharField(max_length=255, blank=True)
    sprites = models.JSONField(default=dict)
    """columns, rows, tile_width, tile_height, interval_s."""

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["team", "sha256"], condition=~Q(sha256="") & Q(deleted_at=None), name="one_video_per_content"
            )
        ]
        indexes = [
            models.Index(fields=["team", "-created_at"]),
            # As the library sorts by title: a page reads its own rows only.
            models.Index("team", "deleted_at", Lower("title"), "id", name="videos_by_title"),
            # Everything that a search for words asks for, so that no row is read that does not fit.
            models.Index(
                fields=["team", "deleted_at", "folded_title", "pinyin", "folded_file_name"], name="videos_by_name"
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def files_prefix(self) -> str:
        return f"teams/{self.team_id}/videos/{self.pk}"

    @property
    def state(self) -> VideoState:
        """Agrees with `IN_STATE`; a test compares them."""
        job = self.current_job
        if job is None:
            upload = getattr(self, "upload", None)
            return VideoState.STOPPED if upload is not None and upload.stopped_at else VideoState.UPLOADING
        if job.status == Status.FAILED:
            return VideoState.FAILED
        if job.status == Status.CANCELLED:
            return VideoState.CANCELLED
        if job.kind == JobKind.CHECK:
            return VideoState.CHECKING
        if job.status == Status.DONE:
            return VideoState.DONE
        return VideoState.WAITING if job.started_at is None else VideoState.ANALYSING

    @property
    def is_refused(self) -> bool:
        """Whether the check found that this file cannot be used; trying again would not help."""
        job = self.current_job
        is_failed_check = job is not None and job.kind == JobKind.CHECK and job.status == Status.FAILED
        return is_failed_check and job is not None and job.error_code not in MAY_PASS_ANOTHER_TIME


class Upload(TeamOwned, PartialUpload):
    """An upload of a video; deleted once complete.

    Its id is the video's, so that a browser that missed the last response can still be told that all has arrived.
    """

    team_path = "video__team"
    video = models.OneToOneField(Video, models.CASCADE, related_name="upload")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="uploads")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(offset_bytes__lte=models.F("size_bytes")), name="upload_within_size")
        ]

    def __str__(self) -> str:
        return f"{self.video} ({self.offset_bytes} of {self.size_bytes})"

    @property
    def team(self) -> Team:
        return self.video.team

    @property
    def name(self) -> str:
        return self.video.file_name


class Tag(TeamOwned):
    """A word of the team's own by which it sorts its videos; deleted for good after the undo period."""

    are_few = True
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    team = models.ForeignKey("accounts.Team", models.CASCADE, related_name="tags")
    name = models.CharField(_("name"), max_length=60)
    folded_name = FoldedField("name")
    pinyin = PinyinField("name")
    deleted_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["team", "folded_name"], condition=Q(deleted_at=None), name="one_tag_per_name"
            )
        ]

    def __str__(self) -> str:
        return self.name


class Tagging(TeamOwned):
    """A tag on a video."""

    team_path = "tag__team"
    tag = models.ForeignKey(Tag, models.CASCADE, related_name="taggings")
    video = models.ForeignKey(Video, models.CASCADE, related_name="taggings")
    merged_from = models.ForeignKey(Tag, models.SET_NULL, null=True, related_name="+")
    """The tag whose merge put it on; undoing the merge takes it off again."""

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tag", "video"], name="a_tag_once_on_a_video")]

    def __str__(self) -> str:
        return f"{self.tag_id} on {self.video_id}"


class Favourite(TeamOwned):
    """A video that one person keeps at hand; nobody else sees it."""

    team_path = "video__team"
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="favourites")
    video = models.ForeignKey(Video, models.CASCADE, related_name="favourites")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "video"], name="a_favourite_once")]

    def __str__(self) -> str:
        return f"{self.video_id} for {self.user_id}"


class Analysis(TeamOwned):
    """One analysis of one video: its job, its settings, and (through `people`) what it found."""

    team_path = "video__team"
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    video = models.ForeignKey(Video, models.CASCADE, related_name="analyses")
    job = models.OneToOneField(Job, models.PROTECT, related_name="analysis")
    thoroughness = models.CharField(max_length=10, choices=ThoroughnessChoice.choices)
    created_at = models.DateTimeField(auto_now_add=True)
    detector = models.CharField(max_length=60, blank=True)
    embedder = models.CharField(max_length=60, blank=True)
    scanned_at = models.DateTimeField(null=True)
    """When the keyframe scan had ended, so that a repeated attempt skips it."""
    frames_decoded = models.PositiveIntegerField(default=0)
    frames_sampled = models.PositiveIntegerField(default=0)
    frames_damaged = models.PositiveIntegerField(default=0)
    timings_s = models.JSONField(default=dict)

    class Meta:
        verbose_name_plural = "analyses"

    def __str__(self) -> str:
        return f"analysis {self.pk} of {self.video_id}"


class Segment(TeamOwned):
    """A stretch of the video that one task analyses; done when its job is done."""

    team_path = "analysis__video__team"
    analysis = models.ForeignKey(Analysis, models.CASCADE, related_name="segments")
    job = models.OneToOneField(Job, models.PROTECT, related_name="segment")
    index = models.PositiveIntegerField()
    start_s = models.FloatField()
    """Minus infinity for the first segment, as a container's own start is not to be relied on."""
    end_s = models.FloatField()
    """Infinity for the last one."""
    cut_at_start = models.BooleanField(default=False)
    cut_at_end = models.BooleanField(default=False)
    sample_step_s = models.FloatField(default=0.2)
    timings_s = models.JSONField(default=dict)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["analysis", "index"], name="one_segment_per_index")]

    def __str__(self) -> str:
        return f"segment {self.index} of {self.analysis_id}"
