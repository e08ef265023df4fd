"""Reads links for a new password."""

from django.db.models import QuerySet
from django.utils import timezone

from webapp.accounts.models import PasswordLink
from webapp.digests import sha256_of


def open_links(token: str) -> QuerySet[PasswordLink]:
    """Returns the link with this secret, if it still works."""
    links = PasswordLink.objects.filter(expires_at__gt=timezone.now(), user__is_active=True)
    return links.filter(token_hash=sha256_of(token)).select_related("user")
