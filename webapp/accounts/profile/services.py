"""Changes what a person sets about their own account."""

from django.contrib.auth import update_session_auth_hash
from django.db.models import F

from webapp.accounts.models import User
from webapp.accounts.request_types import SignedInRequest


def rename(user: User, name: str) -> None:
    User.objects.filter(pk=user.pk).update(name=name)


def change_appearance(user: User, **chosen: str) -> None:
    """Sets `theme` or `language` or both."""
    User.objects.filter(pk=user.pk).update(**chosen)


def sign_out_everywhere(user: User) -> None:
    """Ends all sessions of this person, whatever browser they are in."""
    User.objects.filter(pk=user.pk).update(sign_outs=F("sign_outs") + 1)


def sign_out_elsewhere(request: SignedInRequest) -> None:
    """Ends all sessions of this person but that of the request."""
    sign_out_everywhere(request.user)
    request.user.refresh_from_db()
    update_session_auth_hash(request, request.user)
