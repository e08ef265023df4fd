"""Exports: files made of videos on somebody's request, kept for some days."""

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from webapp.jobs.models import Job, Status
from webapp.people.models import Person
from webapp.team_scope import TeamOwned


class ExportKind(models.TextChoices):
    """What is made. Lists of appearances are no exports: they are sent at once and not kept."""

    CLIP = "clip", _("Clip")
    REEL = "reel", _("Highlight reel")
    BLUR = "blur", _("Blurred copy")
    CHAPTERS = "chapters", _("Copy with chapters")
    PICTURE = "picture", _("Blurred picture")


SHOWING = (ExportKind.CLIP, ExportKind.REEL)
"""Kinds that show their people; a blurred copy hides or keeps them."""
SHARABLE = (ExportKind.CLIP, ExportKind.REEL, ExportKind.BLUR)
"""Kinds that people without an account may be shown: a picture needs no player, and chapters name everybody."""


class Export(TeamOwned):
    """A file that is being made or was made of one or several videos; its job says how far it is.

    It goes with each of its videos, and by itself at `expires_at`. Its file lies under `files_prefix`.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    team = models.ForeignKey("accounts.Team", models.CASCADE, related_name="exports")
    kind = models.CharField(max_length=10, choices=ExportKind.choices)
    title = models.CharField(max_length=255, blank=True)
    """Empty where `words.title_of_export` words it as it is read, of kind, videos, people and options. Names the file
    on download; never used as a path."""
    job = models.OneToOneField(Job, models.PROTECT, related_name="export")
    videos = models.ManyToManyField("videos.Video", related_name="exports")
    people = models.ManyToManyField("people.Person", related_name="exports")
    options = models.JSONField(default=dict)
    """What the form of its kind gave, see `webapp.exports.forms`, and the `language` of words within the file."""
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(db_index=True)
    """Counted anew when it is done."""
    file_key = models.CharField(max_length=255, blank=True)
    size_bytes = models.PositiveBigIntegerField(default=0)
    report = models.JSONField(default=dict)
    """What the analysis library says of it: `BlurReport`, `PictureReport` or `ReelReport`; of a reel also, as `videos`,
    the ids of its sources, and as `too_short` how many appearances were left out for their length."""

    class Meta:
        indexes = [models.Index(fields=["team", "-created_at"])]

    def __str__(self) -> str:
        return self.title or str(self.get_kind_display())

    @property
    def files_prefix(self) -> str:
        return f"teams/{self.team_id}/exports/{self.pk}"

    @property
    def suffix(self) -> str:
        return ".mp4" if self.is_video else ".jpg"

    @property
    def is_video(self) -> bool:
        return self.kind != ExportKind.PICTURE

    @property
    def is_ready(self) -> bool:
        return self.job.status == Status.DONE and bool(self.file_key)

    @property
    def is_sharable(self) -> bool:
        return self.is_ready and self.kind in SHARABLE

    def people_now(self) -> list[Person]:
        """Returns its people: whoever was merged meanwhile is who they were merged into."""
        people = [person.merged_into or person for person in self.people.select_related("merged_into")]
        return list({person.pk: person for person in people}.values())
