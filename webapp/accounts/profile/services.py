"""Changes what a person sets about their own account."""

from django.db.models import F

from webapp.accounts.models import User


def rename(user: User, name: str) -> None:
    User.objects.filter(pk=user.pk).update(name=name)


def change_appearance(user: User, **chosen: str) -> None:
    """Sets `theme` or `language` or both."""
    User.objects.filter(pk=user.pk).update(**chosen)


def sign_out_everywhere(user: User) -> None:
    """Ends all sessions of this person, whatever browser they are in."""
    User.objects.filter(pk=user.pk).update(sign_outs=F("sign_outs") + 1)
