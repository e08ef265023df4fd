"""What admins and owners do with members, and leaving a team."""

from collections.abc import Callable

from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from webapp import access
from webapp.accounts.members import services
from webapp.accounts.members.queries import of_managed_accounts
from webapp.accounts.models import Membership, Role
from webapp.accounts.reauthentication.responses import reauthentication_required
from webapp.accounts.request_types import SignedInRequest
from webapp.accounts.second_factor import services as second_factor_services
from webapp.http.ids import uuid_or_none
from webapp.http.responses import done, refused


@require_POST
def change_role(request: SignedInRequest, membership_id: int) -> HttpResponseBase:
    """Gives a member another role."""
    member, role = _member(request, membership_id), request.POST.get("role", "")
    if role not in Role.values:
        return _changed_meanwhile(request)
    words = _("%(name)s is now: %(role)s.") % {"name": member.user, "role": Role(role).label}
    return _act(request, lambda: services.change_role(member, Role(role), by=request.user), words)


@require_http_methods(["GET", "HEAD", "POST"])
def remove(request: SignedInRequest, membership_id: int) -> HttpResponseBase:
    member = _member(request, membership_id)
    if request.method != "POST":
        return render(request, "accounts/remove.html", {"member": member})
    words = _("%(name)s is no longer in the team.") % {"name": member.user}
    return _act(request, lambda: services.remove(member, by=request.user), words)


@require_http_methods(["GET", "HEAD", "POST"])
@reauthentication_required
def remove_lost_factor(request: SignedInRequest, membership_id: int) -> HttpResponseBase:
    """Removes the second factors of a member who has lost theirs, if all their teams are managed by who asks."""
    member = get_object_or_404(of_managed_accounts(request.user, is_active=True), pk=membership_id)
    if request.method != "POST":
        return render(request, "accounts/lost_factor.html", {"member": member})
    if not second_factor_services.remove_all(member.user, by=request.user):
        return _changed_meanwhile(request)
    words = _("%(name)s now signs in with the password alone.") % {"name": member.user}
    return done(request, words, reverse("accounts:team"))


@require_http_methods(["GET", "HEAD", "POST"])
def transfer_ownership(request: SignedInRequest, membership_id: int) -> HttpResponseBase:
    """Hands the team over to another member."""
    members = access.visible_memberships(request.user).filter(team__in=access.owned_teams(request.user))
    others = members.exclude(user=request.user).select_related("user", "team")
    member = get_object_or_404(others, pk=membership_id)
    if request.method != "POST":
        return render(request, "accounts/transfer.html", {"member": member})
    words = _("%(name)s now owns “%(team)s”. You are an admin.") % {"name": member.user, "team": member.team.name}
    return _act(request, lambda: services.transfer_ownership(member, by=request.user), words)


@require_http_methods(["GET", "HEAD", "POST"])
def leave(request: SignedInRequest) -> HttpResponseBase:
    """Asks whether to leave a team, and leaves it."""
    wished = uuid_or_none((request.POST if request.method == "POST" else request.GET).get("team", ""))
    team = get_object_or_404(access.joined_teams(request.user), pk=wished)
    if request.method != "POST":
        return render(request, "accounts/leave.html", {"left": team})
    words = _("You have left “%(team)s”.") % {"team": team.name}
    return _act(request, lambda: services.leave(team, user=request.user), words, reverse("videos:library"))


def _member(request: SignedInRequest, membership_id: int) -> Membership:
    """Returns a member of a team that the person manages, with the role that the page showed."""
    managed = access.visible_memberships(request.user).filter(team__in=access.manageable_teams(request.user))
    member: Membership = get_object_or_404(managed.select_related("user", "team"), pk=membership_id)
    if request.method == "POST":
        member.role = request.POST.get("seen", "")
    return member


def _act(request: SignedInRequest, act: Callable[[], None], words: str, target: str = "") -> HttpResponseBase:
    here = reverse("accounts:team")
    try:
        act()
    except services.LastOwner:
        return refused(request, _("A team needs an owner. Make someone else the owner first."), here)
    except services.MemberChanged:
        return _changed_meanwhile(request)
    return done(request, words, target or here)


def _changed_meanwhile(request: SignedInRequest) -> HttpResponseBase:
    return refused(request, _("Someone else changed this first. Nothing was changed."), reverse("accounts:team"))
