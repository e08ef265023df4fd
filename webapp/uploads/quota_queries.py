"""How much a team and a person have stored, how much they may, and the words for what is too much."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import Q, Sum
from django.utils.translation import gettext as _

from webapp.accounts.models import Team, User
from webapp.http.list_words import sentences
from webapp.team_scope import across_teams
from webapp.uploads import rules
from webapp.uploads.models import PartialUpload, StorageAccount
from webapp.uploads.signals import stored_by_person

LEAST_BYTES = 1


@dataclass(frozen=True, slots=True)
class StorageUse:
    """Bytes stored and on their way; `allowed_bytes` is None where only the disk sets an end."""

    used_bytes: int
    allowed_bytes: int | None

    @property
    def left_bytes(self) -> int | None:
        return None if self.allowed_bytes is None else max(0, self.allowed_bytes - self.used_bytes)

    def has_room_for(self, size_bytes: int) -> bool:
        return self.left_bytes is None or size_bytes <= self.left_bytes


@dataclass(frozen=True, slots=True)
class Room:
    """What an upload has to fit into: its team's and its sender's storage."""

    team: StorageUse
    person: StorageUse


def room_of(team: Team, user: User, but: PartialUpload | None = None) -> Room:
    """Returns the room of a new upload, or of one that begins to send (`but`)."""
    return Room(of_team(team, user=user, but=but), of_person(user, but=but))


def of_team(team: Team, user: User | None = None, but: PartialUpload | None = None) -> StorageUse:
    """Counts uploads that send, and all that `user` has announced: empty ones block nobody but their sender."""
    account = StorageAccount.objects.filter(team=team).first() or StorageAccount()
    counting = Q(reserved_at__isnull=False) if user is None else Q(reserved_at__isnull=False) | Q(user=user)
    coming = sum(_bytes_of(kind, counting & Q(**{kind.team_path: team}), but) for kind in PartialUpload.every_kind())
    used = account.measured_bytes + account.added_bytes + coming
    return StorageUse(used, _allowed(account, settings.TEAM_QUOTA_BYTES))


@across_teams()
def of_person(user: User, but: PartialUpload | None = None) -> StorageUse:
    account = StorageAccount.objects.filter(user=user).first() or StorageAccount()
    allowed = _allowed(account, settings.PERSON_QUOTA_BYTES)
    if allowed is None:
        return StorageUse(0, None)  # counting would be for nothing
    answers: list[Any] = stored_by_person.send(User, user=user)
    stored = sum(size for _receiver, size in answers)
    coming = sum(_bytes_of(kind, Q(user=user), but) for kind in PartialUpload.every_kind())
    return StorageUse(stored + coming, allowed)


def _allowed(account: StorageAccount, usual_bytes: int) -> int | None:
    quota = usual_bytes if account.quota_bytes is None else account.quota_bytes
    return quota or None


def _bytes_of(kind: type[PartialUpload], counting: Q, but: PartialUpload | None) -> int:
    uploads = kind.unfinished().filter(counting)
    if but is not None:
        uploads = uploads.exclude(pk=but.pk)
    return uploads.aggregate(size=Sum("size_bytes"))["size"] or 0


@across_teams()
def unfinished_of(user: User) -> int:
    """Returns how many uploads this person has begun and not completed, in all teams."""
    return sum(kind.unfinished().filter(user=user).count() for kind in PartialUpload.every_kind())


def refusal(room: Room, name: str, size_bytes: int | None) -> str:
    """Returns why a file may not come; empty where it may. None is a size that only its making will tell."""
    values = {"name": name, "size": rules.size(size_bytes or 0)}
    of_team = _("“%(name)s” is %(size)s, but your team has used %(used)s of its %(allowed)s.")
    if size_bytes is None:
        of_team = _("There is no room for “%(name)s”: your team has used %(used)s of its %(allowed)s.")
    of_person = _("“%(name)s” is %(size)s, but you have used %(used)s of your %(allowed)s.")
    for use, words in ((room.team, of_team), (room.person, of_person)):
        if use.allowed_bytes is not None and not use.has_room_for(LEAST_BYTES if size_bytes is None else size_bytes):
            used = {"used": rules.size(use.used_bytes), "allowed": rules.size(use.allowed_bytes)}
            way_on = _(
                "Delete videos or datasets that you no longer need (their space is free again within half an hour), "
                "or ask the person who runs this server for more."
            )
            return sentences(words % (values | used), way_on)
    return ""
