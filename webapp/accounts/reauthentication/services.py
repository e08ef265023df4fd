"""Checks a proof, as slowly as a sign-in, and notes it in the session."""

from allauth.account.internal.flows.login import record_authentication
from django.http import HttpRequest

from webapp.accounts import throttle_services
from webapp.accounts.models import User
from webapp.http.client_info import client_address


def prove_by_password(request: HttpRequest, user: User, password: str) -> bool:
    """Notes a proof if the password is right. Raises TooManyAttempts, TooBusyToHash."""
    address = client_address(request)
    throttle_services.count_attempt(user.email, address)
    if not user.check_password(password):
        return False
    throttle_services.note_success(user.email, address)
    note_proof(request, user)
    return True


def note_proof(request: HttpRequest, user: User) -> None:
    """Notes that the right password has just been given."""
    record_authentication(request, user, method="password", reauthenticated=True)
