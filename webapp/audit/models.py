"""The audit log: entries that are only ever added, and for each team the head of the chain that they form."""

from typing import Any, NoReturn
from uuid import UUID

from django.db import models

from webapp.folded_fields import SearchTextField
from webapp.team_scope import TeamManager, TeamOwned

INSTALLATION = UUID(int=0)
"""The chain of what belongs to no team, such as a failed sign-in of somebody unknown."""


class AppendOnly(Exception):
    """Entries of the audit log are neither changed nor deleted."""


class AuditEntries(models.QuerySet["AuditEntry"]):
    """Reads and adds; refuses the rest. Old entries go through `webapp.audit.cleanup` alone."""

    def update(self, **_fields: Any) -> NoReturn:
        raise AppendOnly

    def delete(self) -> NoReturn:
        raise AppendOnly

    def bulk_update(self, *_args: Any, **_options: Any) -> NoReturn:
        raise AppendOnly


AuditEntryManager = TeamManager.from_queryset(AuditEntries)


class AuditEntry(TeamOwned):
    """Who did what to which thing, when and from where.

    Refers to nothing by a foreign key: a team, an account or a video that goes leaves its entries as they were.
    `before` and `after` are JSON as text, exactly as it was hashed; empty where nothing was changed.
    """

    team_path = "team_id"
    team_id = models.UUIDField()
    number = models.PositiveBigIntegerField()
    """Counts within the team from 1, without gaps."""
    at = models.DateTimeField()
    user_id = models.BigIntegerField(null=True)
    user_name = models.CharField(max_length=254, blank=True)
    """As it was then; for a failed sign-in what was typed as the e-mail address."""
    action = models.CharField(max_length=30)
    subject_kind = models.CharField(max_length=20)
    subject_id = models.CharField(max_length=64, blank=True)
    subject_label = models.CharField(max_length=200, blank=True)
    address = models.CharField(max_length=64, blank=True)
    agent = models.CharField(max_length=200, blank=True)
    before = models.TextField(blank=True)
    after = models.TextField(blank=True)
    search_text = SearchTextField("user_name", "subject_label")
    """Not part of the chain: it follows from what is."""
    hash = models.BinaryField(max_length=32)
    """See `webapp.audit.chain_codec`."""

    objects = AuditEntryManager()  # type: ignore[misc]

    class Meta:
        constraints = [models.UniqueConstraint(fields=["team_id", "number"], name="audit_number_once_per_team")]
        indexes = [
            models.Index(fields=["team_id", "user_id", "number"], name="audit_of_user"),
            models.Index(fields=["team_id", "action", "number"], name="audit_of_action"),
        ]

    def __str__(self) -> str:
        return f"{self.number}: {self.user_name} {self.action} {self.subject_label}"

    def save(self, *_args: Any, **_options: Any) -> NoReturn:
        raise AppendOnly

    def delete(self, *_args: Any, **_options: Any) -> NoReturn:
        raise AppendOnly


class AuditChain(TeamOwned):
    """Where the entries of a team begin and end, sealed, so that missing ones at either end are found."""

    team_path = "team_id"
    team_id = models.UUIDField(primary_key=True)
    last_number = models.PositiveBigIntegerField(default=0)
    last_hash = models.BinaryField(max_length=32)
    anchor_number = models.PositiveBigIntegerField(default=0)
    """The last entry that the end of its time has removed."""
    anchor_hash = models.BinaryField(max_length=32)
    chains = models.PositiveIntegerField(default=0)
    """Of the installation's chain: how many others there are."""
    seal = models.BinaryField(max_length=32)

    def __str__(self) -> str:
        return f"{self.team_id}: {self.anchor_number + 1} to {self.last_number}"
