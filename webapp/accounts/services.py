"""Creates the owner's account and the first team through a one-time link."""

import secrets
from datetime import timedelta
from uuid import NAMESPACE_URL, uuid5

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from webapp.accounts.models import FirstOwnerLink, Membership, Role, Team, User
from webapp.digests import sha256_of
from webapp.team_scope import across_teams

FIRST_TEAM_ID = uuid5(NAMESPACE_URL, "rollcall:first-team")
"""A fixed key, so that of two people who use the link at the same moment one fails on the primary key."""
LINK_WORKS_FOR = timedelta(hours=24)
TOKEN_BYTES = 20


class LinkUsed(Exception):
    """The one-time link has been used: there is an owner."""


def new_first_owner_token() -> str:
    """Returns the secret part of a new link that creates the owner; links made before are useless from now on."""
    token = secrets.token_hex(TOKEN_BYTES)
    FirstOwnerLink.objects.update_or_create(
        pk=FirstOwnerLink.ONLY,
        defaults={"token_digest": sha256_of(token), "expires_at": timezone.now() + LINK_WORKS_FOR},
    )
    return token


def is_first_owner_link_open(token: str) -> bool:
    if User.objects.exists():
        return False
    link = FirstOwnerLink.objects.filter(expires_at__gt=timezone.now()).first()
    return link is not None and constant_time_compare(sha256_of(token), link.token_digest)


@across_teams()
def create_first_owner(*, email: str, name: str, password: str, team: str) -> User:
    """Creates the owner and the first team; raises LinkUsed when somebody else was first."""
    try:
        with transaction.atomic():
            if User.objects.exists():
                raise LinkUsed
            first = Team.objects.create(pk=FIRST_TEAM_ID, name=team)
            user = User.objects.create_user(email, password, name=name)
            FirstOwnerLink.objects.all().delete()
            Membership.objects.create(team=first, user=user, role=Role.OWNER)
    except IntegrityError as error:
        raise LinkUsed from error
    return user
