"""Makes and revokes access tokens."""

import secrets
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from webapp import access
from webapp.accounts import signals
from webapp.accounts.models import AccessToken, Team, TokenScope, User
from webapp.accounts.tokens import queries
from webapp.digests import sha256_of
from webapp.expiry_cleanup import delete_expired
from webapp.team_scope import across_teams

PREFIX = "rct_"
"""Tells people, and programs that look for leaked secrets, what it is."""
SECRET_BYTES = 24
USUAL_DAYS, MOST_DAYS = 90, 365
MOST_TOKENS = 50
"""How many a person may have that still work."""
KEPT_FOR = timedelta(days=30)
"""How long one that no longer works is kept, so that its owner sees why a program stopped."""
MAY_GIVE = {
    TokenScope.READ: access.visible_teams,
    TokenScope.WRITE: access.editable_teams,
    TokenScope.ADMIN: access.manageable_teams,
}
"""By scope: the teams for which a person may make such a token, and in which one may be used."""


class MayNotMake(Exception):
    """The person's role in the team does not allow a token of this scope, or they have too many."""


@transaction.atomic
def make_token(team: Team, scope: TokenScope, *, name: str, days: int, by: User) -> tuple[AccessToken, str]:
    """Makes a token that works for `days` (1 to MOST_DAYS); returns it with its secret, which is stored nowhere.

    Raises MayNotMake.
    """
    is_full = queries.working_tokens(by).count() >= MOST_TOKENS
    if is_full or not MAY_GIVE[scope](by).filter(pk=team.pk).exists():
        raise MayNotMake
    secret = PREFIX + secrets.token_hex(SECRET_BYTES)
    expires_at = timezone.now() + timedelta(days=min(days, MOST_DAYS))
    token = AccessToken.objects.create(
        user=by, team=team, name=name, scope=scope, token_hash=sha256_of(secret), expires_at=expires_at
    )
    _tell("made_token", token, by, after={"scope": scope.value, "expires": expires_at.date().isoformat()})
    return token, secret


@transaction.atomic
def revoke(token: AccessToken, *, by: User) -> bool:
    """Makes the token useless; returns whether it was of use until now."""
    if not AccessToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now()):
        return False
    owner = None if token.user_id == by.pk else {"name": str(token.user)}
    _tell("revoked_token", token, by, before=owner)
    return True


@across_teams()
@transaction.atomic
def revoke_all(user: User) -> int:
    """Revokes the tokens of a person that still work, in all their teams; returns how many."""
    return sum(revoke(token, by=user) for token in queries.working_tokens(user))


def clean_up(**_: object) -> None:
    """Deletes what has not worked for a long time."""
    long_ago = timezone.now() - KEPT_FOR
    delete_expired(AccessToken.objects.filter(Q(expires_at__lt=long_ago) | Q(revoked_at__lt=long_ago)))


def _tell(act: str, token: AccessToken, by: User, *, before: Any = None, after: Any = None) -> None:
    change = {"before": before, "after": after}
    signals.team_act.send(AccessToken, act=act, team_id=token.team_id, by=by, about=token, **change)
