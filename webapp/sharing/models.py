"""Links that people without an account may open."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from webapp.exports.models import Export
from webapp.people.models import Person
from webapp.team_scope import TeamOwned
from webapp.videos.models import Video


class ShareKind(models.TextChoices):
    """What a link shows. A moment is a clip that is cut for it: nothing else of its video can be reached."""

    VIDEO = "video", _("Video")
    MOMENT = "moment", _("Moment")
    EXPORT = "export", _("Export")


class ShareLink(TeamOwned):
    """A secret address at which anybody sees one video, moment or export. It is shown once; its hash alone is stored.

    It works until `expires_at` or `revoked_at`, and as long as its maker may share what it shows; it goes with its
    video, its export and its maker.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    team = models.ForeignKey("accounts.Team", models.CASCADE, related_name="share_links")
    kind = models.CharField(max_length=10, choices=ShareKind.choices)
    video = models.ForeignKey(Video, models.CASCADE, null=True, related_name="share_links")
    """Also of a moment."""
    export = models.ForeignKey(Export, models.CASCADE, null=True, related_name="share_links")
    """Also the clip of a moment."""
    title = models.CharField(max_length=255, blank=True)
    """What strangers read; chosen by the maker, as names of files and people may tell more than is meant to be."""
    people = models.ManyToManyField(Person, related_name="share_links")
    """Whose names and times are listed; see `webapp.sharing.people_queries` for whom never."""
    may_download = models.BooleanField(default=False)
    token_hash = models.CharField(max_length=64, unique=True)
    password = models.CharField(max_length=128, blank=True)
    """As Django's hashers write it; empty where none is asked for."""
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="share_links")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(db_index=True)
    revoked_at = models.DateTimeField(null=True)
    opens = models.PositiveIntegerField(default=0)
    """Visits; those from one network within a quarter of an hour are one."""
    last_opened_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind=ShareKind.VIDEO, video__isnull=False, export=None)
                | Q(kind=ShareKind.MOMENT, video__isnull=False, export__isnull=False)
                | Q(kind=ShareKind.EXPORT, video=None, export__isnull=False),
                name="share_link_shows_its_kind",
            )
        ]
        indexes = [models.Index(fields=["team", "-created_at"])]

    def __str__(self) -> str:
        return self.title or str(self.get_kind_display())

    @property
    def is_in_time(self) -> bool:
        return self.revoked_at is None and self.expires_at > timezone.now()
