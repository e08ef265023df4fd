"""The request of somebody who has signed in: its user is never anonymous."""

from django.http import HttpRequest

from webapp.accounts.models import User


class SignedInRequest(HttpRequest):
    """A request that `LoginRequiredMiddleware` has let through."""

    user: User
