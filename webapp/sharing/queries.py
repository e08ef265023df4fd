"""Reads for the page of links."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import Enum
from typing import Any
from uuid import UUID

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from webapp.sharing import words
from webapp.sharing.media_queries import is_coming
from webapp.sharing.models import ShareLink
from webapp.sharing.public_queries import founded

PER_PAGE = 20
OF_TITLES = ("export__videos", "export__people__merged_into")


class LinkState(Enum):
    """Whether a link works, and if not, why; its value is the words."""

    WORKS = _("Works")
    PREPARING = _("Clip is being made")
    FAILED = _("Clip could not be made")
    ENDED = _("Ended")
    REVOKED = _("Revoked")
    UNFOUNDED = _("Stopped: whoever created it may no longer share this")


@dataclass(frozen=True, slots=True)
class LinkRow:
    """A link as the list shows it."""

    link: ShareLink
    what: str
    state: LinkState
    is_changeable: bool

    @property
    def is_standing(self) -> bool:
        """Whether there is something to revoke."""
        return self.link.is_in_time

    @property
    def is_bad(self) -> bool:
        return self.state in (LinkState.UNFOUNDED, LinkState.FAILED)


def page_of_links(links: QuerySet[ShareLink], changeable: Collection[UUID], page: str | None) -> Page[Any]:
    """Returns a page of rows, the latest first; the number of queries grows with makers, not with rows."""
    shown = (
        links.select_related("created_by", "video", "export__job").prefetch_related(*OF_TITLES).order_by("-created_at")
    )
    paged: Page[Any] = Paginator(shown, PER_PAGE).get_page(page)
    rows = list(paged.object_list)
    working = founded(rows)
    paged.object_list = [
        LinkRow(link, words.what_of(link), _state_of(link, link.pk in working), link.pk in changeable) for link in rows
    ]
    return paged


def state_of(link: ShareLink) -> LinkState:
    """Returns whether one link works, and if not, why."""
    return _state_of(link, bool(founded([link])))


def _state_of(link: ShareLink, is_founded: bool) -> LinkState:
    if link.revoked_at is not None:
        return LinkState.REVOKED
    if link.expires_at <= timezone.now():
        return LinkState.ENDED
    if not is_founded:
        return LinkState.UNFOUNDED
    if link.export is None or link.export.is_ready:
        return LinkState.WORKS
    return LinkState.PREPARING if is_coming(link) else LinkState.FAILED
