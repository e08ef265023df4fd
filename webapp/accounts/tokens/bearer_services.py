"""Finds out for whom a request with an access token acts, and whether it may."""

from datetime import timedelta

from django.db.models import Q
from django.utils import timezone
from django.utils.functional import Promise

from webapp import access
from webapp.accounts import throttle_services
from webapp.accounts.models import AccessToken, TokenScope, User
from webapp.accounts.tokens import words
from webapp.accounts.tokens.services import MAY_GIVE
from webapp.digests import sha256_of
from webapp.team_scope import across_teams

NOTED_EVERY = timedelta(minutes=1)
"""A use is written that often at most, so that each chunk of an upload does not cost a write."""
ADDRESS_LENGTH = 64


class TokenRefused(Exception):
    """The request may not go on; `str()` says why in words for the person who runs the program."""

    def __init__(self, reason: str | Promise, status: int) -> None:
        super().__init__(str(reason))
        self.status = status


@across_teams()
def user_of(secret: str, *, needed: TokenScope, address: str) -> User:
    """Returns the owner of a token as `webapp.access` knows them: limited to its team and scope.

    Asked anew of each request, so that a token weakens with its owner's role, and dies with their membership. Raises
    TokenRefused (401, 403 or 429).
    """
    token = _known(secret, address)
    user, now = token.user, timezone.now()
    if token.revoked_at is not None:
        raise TokenRefused(words.REVOKED, 401)
    if token.expires_at <= now:
        raise TokenRefused(words.EXPIRED, 401)
    user.access_token = token
    if not (user.is_active and access.visible_teams(user).filter(pk=token.team_id).exists()):
        raise TokenRefused(words.OWNER_GONE, 401)
    if not MAY_GIVE[needed](user).filter(pk=token.team_id).exists():
        scopes = list(TokenScope)
        is_narrow = scopes.index(TokenScope(token.scope)) < scopes.index(needed)
        raise TokenRefused(words.NARROW if is_narrow else words.LOWER_ROLE, 403)
    _note_use(token, address[:ADDRESS_LENGTH])
    return user


def _known(secret: str, address: str) -> AccessToken:
    """Counts and slows only what is unknown: neighbours who guess lock no program out, and there is nothing to hit.

    A secret has 192 bits, so that slowing protects the database from writes, not the tokens from guesses.
    """
    token = AccessToken.objects.select_related("user").filter(token_hash=sha256_of(secret)).first()
    if token is not None:
        return token
    try:
        throttle_services.check_guesses(address)
        throttle_services.count_guess(address)
    except throttle_services.TooManyAttempts as error:
        raise TokenRefused(words.TOO_MANY, 429) from error
    raise TokenRefused(words.UNKNOWN, 401)


def _note_use(token: AccessToken, address: str) -> None:
    now = timezone.now()
    before = now - NOTED_EVERY
    if token.last_used_at is not None and token.last_used_at > before:
        return
    long_ago = Q(last_used_at=None) | Q(last_used_at__lte=before)
    AccessToken.objects.filter(long_ago, pk=token.pk).update(last_used_at=now, last_used_from=address)
