"""Signing out one device, or all but this one."""

from allauth.usersessions.models import UserSession
from django.contrib.auth import logout
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from webapp.accounts.profile.services import sign_out_elsewhere
from webapp.accounts.request_types import SignedInRequest
from webapp.accounts.sessions import services
from webapp.http.responses import SeeOther, done


@require_POST
def sign_out_device(request: SignedInRequest, session_id: int) -> HttpResponseBase:
    row = get_object_or_404(UserSession.objects.filter(user=request.user), pk=session_id)
    if row.session_key == request.session.session_key:
        row.delete()
        logout(request)
        return SeeOther(reverse("accounts:login"))
    services.end(row)
    return done(request, _("Signed out."), reverse("accounts:profile"))


@require_POST
def sign_out_others(request: SignedInRequest) -> HttpResponseBase:
    """Ends all sessions but this one, also those that were never listed."""
    sign_out_elsewhere(request)
    services.tell(request.user, _("All other devices"))
    return done(request, _("All other devices have been signed out."), reverse("accounts:profile"))
