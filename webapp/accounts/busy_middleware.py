"""Says 503, not 500, to whoever sends a password while too many others are waiting to be hashed."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.deprecation import MiddlewareMixin

from webapp.accounts.hashers import TooBusyToHash


class BusyWithPasswords(MiddlewareMixin):
    """For every page with a password but signing in, whose form says it by itself."""

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, TooBusyToHash):
            return None
        response = render(request, "503.html", status=503)
        response.headers["Retry-After"] = "60"
        return response
