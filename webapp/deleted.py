"""Lists what was recently deleted and can still be restored, of every kind."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from webapp import access
from webapp.access import Visitor
from webapp.accounts.models import Team
from webapp.datasets.models import Dataset, Version
from webapp.training.models import TrainingRun
from webapp.undo_period import UNDO_PERIOD
from webapp.videos.models import Tag, Video

MOST_SHOWN = 500
"""Of each kind; as many as can be deleted at once."""


@dataclass(frozen=True, slots=True)
class Deleted:
    """Something deleted, and the address that restores it."""

    what: str
    name: str
    deleted_at: datetime
    restore_url: str
    video_id: str = ""
    """Of a video: several can be restored at once."""

    @property
    def minutes_left(self) -> int:
        """At least 1: what is shown is still there, though its deletion may be near."""
        left = self.deleted_at + UNDO_PERIOD - timezone.now()
        return max(1, ceil(left / timedelta(minutes=1)))


def deleted_things(user: Visitor, team: Team | None) -> list[Deleted]:
    """Returns what this person may restore, the latest first."""
    things: Iterator[Deleted] = (
        describe(row) for rows, describe in _kinds(user, team) for row in rows.order_by("-deleted_at")[:MOST_SHOWN]
    )
    return sorted(things, key=lambda each: each.deleted_at, reverse=True)


def how_many(user: Visitor, team: Team | None) -> int:
    """Returns how many things this person may restore, asked for at once."""
    first, *others = (rows.order_by().values("deleted_at") for rows, _describe in _kinds(user, team))
    return first.union(*others, all=True).count()


def _kinds(user: Visitor, team: Team | None) -> list[tuple[QuerySet[Any], Callable[[Any], Deleted]]]:
    versions = access.manageable_versions(user).filter(dataset__team=team, deleted_at__isnull=False)
    return [
        (access.restorable_videos(user).filter(team=team), _video),
        (access.restorable_tags(user).filter(team=team), _tag),
        (access.restorable_datasets(user).filter(team=team), _dataset),
        (versions.select_related("dataset"), _version),
        (access.restorable_runs(user).filter(team=team), _run),
    ]


def _video(video: Video) -> Deleted:
    address = reverse("videos:restore", args=[video.pk])
    return _deleted(_("Video"), video.title, video.deleted_at, address, str(video.pk))


def _tag(tag: Tag) -> Deleted:
    """Also one that was merged: restoring it undoes the merge."""
    return _deleted(_("Tag"), tag.name, tag.deleted_at, reverse("videos:restore_tag", args=[tag.pk]))


def _dataset(dataset: Dataset) -> Deleted:
    return _deleted(_("Dataset"), dataset.name, dataset.deleted_at, reverse("datasets:restore", args=[dataset.pk]))


def _version(version: Version) -> Deleted:
    name = _("%(dataset)s, version %(number)d") % {"dataset": version.dataset.name, "number": version.number}
    address = reverse("datasets:restore_version", args=[version.dataset_id, version.number])
    return _deleted(_("Version"), name, version.deleted_at, address)


def _run(run: TrainingRun) -> Deleted:
    name = _("%(dataset)s, run %(number)d") % {"dataset": run.dataset_name, "number": run.number}
    return _deleted(_("Training run"), name, run.deleted_at, reverse("training:restore", args=[run.pk]))


def _deleted(what: str, name: str, deleted_at: datetime | None, restore_url: str, video_id: str = "") -> Deleted:
    assert deleted_at is not None
    return Deleted(what, name, deleted_at, restore_url, video_id)
