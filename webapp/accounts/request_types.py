"""The request of somebody who has signed in: behind `@login_required` its user is never anonymous."""

from django.http import HttpRequest

from webapp.accounts.models import User


class SignedInRequest(HttpRequest):
    """A request that `@login_required` has let through."""

    user: User
