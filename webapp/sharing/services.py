"""Makes, replaces and revokes links, and notes that one was opened."""

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from webapp import access
from webapp.accounts import throttle_services
from webapp.accounts.models import Team, User
from webapp.audit.action_choices import Action, SubjectKind
from webapp.audit.services import record, subject_of
from webapp.digests import sha256_of
from webapp.exports.models import Export, ExportKind
from webapp.exports.services import ExportWish, start_export
from webapp.people.models import Person
from webapp.sharing import words
from webapp.sharing.models import ShareKind, ShareLink
from webapp.videos.models import Video

SECRET_BYTES = 32
USUAL_DAYS, MOST_DAYS = 7, 365
MOST_STANDING = 200
"""Links that a person may have that work."""


class MayNotShare(Exception):
    """The person's role in the team does not allow it, or they have too many links."""


@dataclass(frozen=True, slots=True)
class ShareWish:
    """What somebody wants to share: an export, or a video, or of it the `moment` from when until when in player time.

    `password` is encoded already: that takes its time, which no transaction should.
    """

    video: Video | None
    export: Export | None
    moment: tuple[float, float] | None = None
    title: str = ""
    people: Collection[Person] = ()
    days: int = USUAL_DAYS
    password: str = ""
    may_download: bool = False

    @property
    def kind(self) -> ShareKind:
        if self.video is None:
            return ShareKind.EXPORT
        return ShareKind.VIDEO if self.moment is None else ShareKind.MOMENT


@transaction.atomic
def make_link(wish: ShareWish, *, team: Team, user: User) -> tuple[ShareLink, str]:
    """Makes a link; returns it with its secret, which is stored nowhere. Starts to cut the clip of a moment.

    Raises MayNotShare; what `start_export` raises for a moment.
    """
    standing = ShareLink.objects.filter(created_by=user, revoked_at=None, expires_at__gt=timezone.now())
    if not access.sharing_teams(user).filter(pk=team.pk).exists() or standing.count() >= MOST_STANDING:
        raise MayNotShare
    secret = secrets.token_urlsafe(SECRET_BYTES)
    expires_at = timezone.now() + timedelta(days=min(wish.days, MOST_DAYS))
    export = wish.export if wish.moment is None else _start_clip(wish, team, user)
    link = ShareLink.objects.create(
        team=team,
        kind=wish.kind,
        video=wish.video,
        export=export,
        title=wish.title,
        may_download=wish.may_download,
        token_hash=sha256_of(secret),
        password=wish.password,
        created_by=user,
        expires_at=expires_at,
    )
    link.people.set(wish.people)
    if export is not None:
        Export.objects.filter(pk=export.pk, expires_at__lt=expires_at).update(expires_at=expires_at)
    _record(Action.SHARED, link, user, _told_of(link, wish))
    return link, secret


@transaction.atomic
def renew(link: ShareLink, *, by: User) -> str | None:
    """Gives a link that works another secret, which is returned; the one before opens nothing any more."""
    secret = secrets.token_urlsafe(SECRET_BYTES)
    standing = ShareLink.objects.filter(pk=link.pk, revoked_at=None, expires_at__gt=timezone.now())
    if not standing.update(token_hash=sha256_of(secret)):
        return None
    _record(Action.RENEWED_LINK, link, by)
    return secret


@transaction.atomic
def revoke(link: ShareLink, *, by: User) -> bool:
    """Makes a link useless for good; returns whether it was of use until now."""
    standing = ShareLink.objects.filter(pk=link.pk, revoked_at=None, expires_at__gt=timezone.now())
    if not standing.update(revoked_at=timezone.now()):
        return False
    _record(Action.REVOKED_LINK, link, by)
    return True


def note_opened(link: ShareLink, address: str) -> None:
    """Counts and records a visit, once in a while for each network: who has the link could fill the log otherwise."""
    if not throttle_services.use_once("share link", str(link.pk), throttle_services.network_of(address)):
        return
    with transaction.atomic():
        ShareLink.objects.filter(pk=link.pk).update(opens=F("opens") + 1, last_opened_at=timezone.now())
        _record(Action.OPENED_LINK, link, None)


def _start_clip(wish: ShareWish, team: Team, user: User) -> Export:
    """Cuts exactly the moment, without names in the picture."""
    assert wish.video is not None and wish.moment is not None
    start_s, end_s = wish.moment
    options = {"start_s": start_s, "end_s": end_s, "padding_s": 0.0, "captions": False}
    title = words.moment_title(wish.video, wish.moment)
    return start_export(ExportWish(ExportKind.CLIP, title, [wish.video], (), options), team=team, user=user)


def _told_of(link: ShareLink, wish: ShareWish) -> dict[str, Any]:
    return {
        "kind": link.kind,
        "expires": link.expires_at.date().isoformat(),
        "people": sorted(map(str, wish.people)),
        "password": bool(link.password),
        "download": link.may_download,
    }


def _record(action: Action, link: ShareLink, by: User | None, after: Any = None) -> None:
    label = words.what_of(link)
    record(by, action, subject_of(SubjectKind.SHARE_LINK, link, label), team_id=link.team_id, after=after)
