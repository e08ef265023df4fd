"""What all resumable uploads have in common, whatever the file is for."""

import uuid
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q, QuerySet
from django.utils import timezone

from webapp.accounts.models import Team


class PartialUpload(models.Model):
    """A file that has not arrived completely (tus 1.0). Its bytes are in UPLOAD_DIR, under its id."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    size_bytes = models.PositiveBigIntegerField()
    offset_bytes = models.PositiveBigIntegerField(default=0)
    fingerprint = models.CharField(max_length=200, blank=True)
    """Name, size and time of change as the browser saw them: finds the upload again when the file is chosen again."""
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    expires_at = models.DateTimeField()
    reserved_at = models.DateTimeField(null=True)
    """When its first bytes came: from then on it counts against the disk and everybody's quota."""
    stopped_at = models.DateTimeField(null=True)
    """Since when nobody sends it: the sender paused or left, or nothing came for long. None while it may go on."""

    team_path: ClassVar[str]
    name: Any
    user: Any

    class Meta:
        abstract = True

    @property
    def team(self) -> Team:
        raise NotImplementedError

    @classmethod
    def unfinished(cls) -> "QuerySet[Any]":
        """Returns those that have not arrived completely and have not expired."""
        return cls._default_manager.filter(expires_at__gt=timezone.now())

    @classmethod
    def every_kind(cls) -> "list[type[PartialUpload]]":
        """Returns the concrete models, one table for each use of uploads."""
        return PartialUpload.__subclasses__()


class StorageAccount(models.Model):
    """What one team, or one person, has stored and may store."""

    team = models.OneToOneField(Team, models.CASCADE, null=True, related_name="+")
    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="+")
    quota_bytes = models.PositiveBigIntegerField(null=True)
    """None: the quota of the installation; 0: as much as the disk holds."""
    measured_bytes = models.PositiveBigIntegerField(default=0)
    """Of the team's files on the disk, when they were last gone through."""
    added_bytes = models.PositiveBigIntegerField(default=0)
    """That came since that began."""
    measured_at = models.DateTimeField(null=True)
    turns = models.PositiveBigIntegerField(default=0)
    """Counted up first by whoever wants something limited, so that several at once are counted one after the other."""

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(team=None, user__isnull=False) | Q(team__isnull=False, user=None), name="account_of_one"
            )
        ]

    def __str__(self) -> str:
        return f"storage of {self.team or self.user}"
