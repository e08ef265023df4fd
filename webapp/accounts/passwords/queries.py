"""Reads links for a new password."""

from django.utils import timezone

from webapp import access
from webapp.accounts.models import PasswordLink
from webapp.digests import sha256_of


def open_link(token: str) -> PasswordLink | None:
    """Returns the link with this secret, if it still works.

    One that somebody handed out opens no more than they still manage: its person may have got a higher role or into
    another team since, or whoever made it may have been removed.
    """
    links = PasswordLink.objects.filter(expires_at__gt=timezone.now(), user__is_active=True)
    link = links.filter(token_hash=sha256_of(token)).select_related("user", "made_by").first()
    if link is None or link.made_by is None:
        return link
    may = link.made_by.is_active and access.manageable_accounts(link.made_by).filter(pk=link.user_id).exists()
    return link if may else None
