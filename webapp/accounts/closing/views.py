"""Ending one's own account for a while or for good, and bringing back somebody else's."""

from collections.abc import Callable

from django.contrib.auth import logout
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from webapp.accounts.closing import queries, services
from webapp.accounts.members.queries import of_managed_accounts
from webapp.accounts.models import User
from webapp.accounts.reauthentication.responses import reauthentication_required
from webapp.accounts.request_types import SignedInRequest
from webapp.http.responses import SeeOther, done, refused
from webapp.http.toasts import toast


@never_cache
@require_safe
@reauthentication_required
def close_account(request: SignedInRequest) -> HttpResponseBase:
    return render(request, "accounts/close.html", {"owned_alone": queries.owned_alone(request.user)})


@require_POST
@reauthentication_required
def deactivate(request: SignedInRequest) -> HttpResponseBase:
    if request.POST.get("sure") != "yes":
        return refused(request, _("Tick the box to deactivate your account."), reverse("accounts:close_account"))
    return _end(request, services.deactivate, _("Your account is deactivated. You have been signed out."))


@require_POST
@reauthentication_required
def delete(request: SignedInRequest) -> HttpResponseBase:
    if request.POST.get("sure") != "yes":
        return refused(request, _("Tick the box to delete your account."), reverse("accounts:close_account"))
    return _end(request, services.delete, _("Your account is deleted. Your e-mail address can be used again."))


@require_POST
def reactivate(request: SignedInRequest, membership_id: int) -> HttpResponseBase:
    """Lets a deactivated member sign in again."""
    members, here = of_managed_accounts(request.user, is_active=False), reverse("accounts:team")
    member = get_object_or_404(members, pk=membership_id)
    try:
        services.reactivate(member.user, by=request.user)
    except services.MayNotReactivate:
        return refused(request, _("Someone else changed this first. Nothing was changed."), here)
    return done(request, _("%(name)s can sign in again.") % {"name": member.user}, here)


def _end(request: SignedInRequest, act: Callable[[User], None], words: str) -> HttpResponseBase:
    try:
        act(User.objects.get(pk=request.user.pk))
    except services.OwnsTeams:
        return refused(request, _("A team needs an owner. Nothing was changed."), reverse("accounts:close_account"))
    except services.AlreadyEnded:
        words = _("Your account has already been deactivated or deleted.")
    logout(request)
    toast(request, words)
    return SeeOther(reverse("accounts:login"))
