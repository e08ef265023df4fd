"""Finds the link of a secret, and asks whether it still works: of each request, so that what ends ends at once."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from uuid import UUID

from django.utils import timezone

from webapp import access
from webapp.accounts.models import User
from webapp.digests import sha256_of
from webapp.sharing.models import ShareLink
from webapp.team_scope import across_teams, within_teams


@contextmanager
def opened_link(token: str) -> Iterator[ShareLink | None]:
    """Yields the link of a secret within the scope of its team; None where there is none, or it no longer works.

    This is the only way by which somebody without an account comes into the scope of a team.
    """
    with across_teams():
        standing = ShareLink.objects.filter(revoked_at=None, expires_at__gt=timezone.now())
        link = standing.select_related("created_by").filter(token_hash=sha256_of(token)).first()
    if link is None:
        yield None
        return
    with within_teams([link.team_id]):
        yield link if founded([link]) else None


def founded(links: Sequence[ShareLink]) -> set[UUID]:
    """Returns the ids of those whose makers may share what they show now. Two queries for each maker."""
    by_maker: dict[User, list[ShareLink]] = defaultdict(list)
    for link in links:
        by_maker[link.created_by].append(link)
    found: set[UUID] = set()
    for maker, own in by_maker.items():
        found |= _founded_of(maker, own) if maker.is_active else set()
    return found


def _founded_of(maker: User, links: Sequence[ShareLink]) -> set[UUID]:
    kept = access.sharable_exports(maker).filter(expires_at__gt=timezone.now())
    exports = set(kept.filter(pk__in=[link.export_id for link in links if link.export_id]).values_list("pk", flat=True))
    whole = [link.video_id for link in links if link.video_id and not link.export_id]
    videos = set(access.sharable_videos(maker).filter(pk__in=whole).values_list("pk", flat=True))
    return {link.pk for link in links if (link.export_id or link.video_id) in exports | videos}
