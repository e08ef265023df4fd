"""Creates the owner's account and the first team through a one-time link."""

from uuid import NAMESPACE_URL, uuid5

from django.db import IntegrityError, transaction
from django.utils.crypto import constant_time_compare, salted_hmac

from webapp.accounts.models import Membership, Role, Team, User

FIRST_TEAM_ID = uuid5(NAMESPACE_URL, "rollcall:first-team")
"""A fixed key, so that of two people who use the link at the same moment one fails on the primary key."""


class LinkUsed(Exception):
    """The one-time link has been used: there is an owner."""


def first_owner_token() -> str:
    """Returns the secret part of the link that creates the owner: the same until used, useless once there is a user."""
    return salted_hmac("rollcall.first-owner", "welcome", algorithm="sha256").hexdigest()[:40]


def is_first_owner_link_open(token: str) -> bool:
    return constant_time_compare(token, first_owner_token()) and not User.objects.exists()


def create_first_owner(*, email: str, name: str, password: str, team: str) -> User:
    """Creates the owner and the first team; raises LinkUsed when somebody else was first."""
    try:
        with transaction.atomic():
            if User.objects.exists():
                raise LinkUsed
            first = Team.objects.create(pk=FIRST_TEAM_ID, name=team)
            user = User.objects.create_user(email, password, name=name)
            Membership.objects.create(team=first, user=user, role=Role.OWNER)
    except IntegrityError as error:
        raise LinkUsed from error
    return user
