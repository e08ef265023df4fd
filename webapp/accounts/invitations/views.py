"""Making and revoking invitations, and the page that an invitation leads to."""

from functools import partial
from uuid import UUID

from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from webapp import access
from webapp.accounts import throttle_services, words
from webapp.accounts.context_processors import choose_team
from webapp.accounts.email_rules import canonical_email
from webapp.accounts.hashers import TooBusyToHash
from webapp.accounts.invitations import queries, services
from webapp.accounts.invitations.forms import InvitationForm, NewMemberForm
from webapp.accounts.invitations.queries import InvitationState
from webapp.accounts.invitations.words import CLOSED
from webapp.accounts.mail import services as mail_services
from webapp.accounts.models import Invitation, Role
from webapp.accounts.oidc.context import oidc_name
from webapp.accounts.request_types import SignedInRequest
from webapp.http.ids import uuid_or_none
from webapp.http.responses import SeeOther, done, refused

FORBIDDEN, GONE = 403, 410


@never_cache
@require_POST
def invite(request: SignedInRequest) -> HttpResponseBase:
    """Sends the new link by mail, or shows it, this once."""
    wished, here = uuid_or_none(request.POST.get("team", "")), reverse("accounts:team")
    team = get_object_or_404(access.manageable_teams(request.user), pk=wished)
    form = InvitationForm(request.POST, roles=access.grantable_roles(request.user, team))
    if not form.is_valid():
        wrong_email = "email" in form.errors and "role" not in form.errors
        return refused(
            request, _("This is not an e-mail address.") if wrong_email else _("You cannot give this role."), here
        )
    role, is_mailed = Role(form.cleaned_data.pop("role")), "send" in request.POST and mail_services.is_configured()
    invitee = services.Invitee(**form.cleaned_data)
    if is_mailed and (no_mail := _no_mail(request, invitee.email)):
        return refused(request, no_mail, here)
    try:
        invitation, token = services.invite(team, role, by=request.user, invitee=invitee, is_mailed=is_mailed)
    except services.MayNotInvite:
        return refused(request, _("You cannot give this role."), here)
    if is_mailed:
        return _mail(request, invitation)
    link = request.build_absolute_uri(reverse("accounts:join", args=[token]))
    return render(request, "accounts/invitation_made.html", {"invitation": invitation, "link": link})


@require_POST
def send_again(request: SignedInRequest, invitation_id: UUID) -> HttpResponseBase:
    """Mails a new link in place of the one before."""
    invitations = access.manageable_invitations(request.user).exclude(email="")
    invitation = get_object_or_404(invitations, pk=invitation_id)
    if no_mail := _no_mail(request, invitation.email):
        return refused(request, no_mail, reverse("accounts:team"))
    if not services.ask_to_mail_again(invitation):
        return refused(request, _("This invitation has already been used or revoked."), reverse("accounts:team"))
    return _mail(request, invitation)


def _no_mail(request: SignedInRequest, email: str) -> str:
    """Returns why no mail goes to this address now, having counted it; "" where it may."""
    if not email:
        return _("Enter the e-mail address to send the invitation to.")
    if not mail_services.is_configured():
        return _("No mail server is set up.")
    try:
        throttle_services.count_mail(canonical_email(email), user=request.user)
    except throttle_services.TooManyAttempts:
        return _("Too many e-mails in a short time. Try again in 15 minutes.")
    return ""


def _mail(request: SignedInRequest, invitation: Invitation) -> HttpResponseBase:
    here, origin = reverse("accounts:team"), mail_services.origin_of(request)
    if not mail_services.send_later(partial(services.mail, invitation.pk, origin=origin, language=get_language())):
        services.note_not_mailed(invitation)
        return refused(request, str(words.MAIL_BUSY), here)
    return done(request, _("The invitation is on its way to %(email)s.") % {"email": invitation.email}, here)


@require_POST
def revoke(request: SignedInRequest, invitation_id: UUID) -> HttpResponseBase:
    invitation = get_object_or_404(access.manageable_invitations(request.user), pk=invitation_id)
    if not services.revoke(invitation, by=request.user):
        return refused(request, _("This invitation has already been used or revoked."), reverse("accounts:team"))
    return done(request, _("Revoked. The link no longer works."), reverse("accounts:team"))


@login_not_required
@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest, token: str) -> HttpResponseBase:
    """Lets in whoever has the link: with the account that is signed in, or with a new one."""
    invitation = queries.by_token(token)
    if invitation is None:
        return _closed(request, None)
    if access.joined_teams(request.user).filter(pk=invitation.team_id).exists():
        return _already_member(request, invitation)
    state = queries.state_of(invitation)
    if state != InvitationState.OPEN:
        return _closed(request, state)
    if request.user.is_authenticated:
        return _join_as_known(request, invitation)
    return _join_as_new(request, invitation)


def _join_as_known(request: HttpRequest, invitation: Invitation) -> HttpResponseBase:
    assert request.user.is_authenticated
    if not queries.is_for(invitation, request.user):
        return _wrong_account(request, invitation)
    if request.method != "POST":
        return render(request, "accounts/join.html", {"invitation": invitation})
    try:
        services.join(invitation, request.user)
    except services.InvitationClosed:
        return _closed(request, _state_now(invitation))
    except services.AlreadyMember:
        return _already_member(request, invitation)
    except services.WrongAccount:
        return _wrong_account(request, invitation)
    request.session.cycle_key()  # it may do more than before
    return _welcomed(request, invitation)


def _join_as_new(request: HttpRequest, invitation: Invitation) -> HttpResponseBase:
    only_email = invitation.email if invitation.is_for_email_only else ""
    form = NewMemberForm(request.POST or None, only_email=only_email)
    if form.is_valid():
        try:
            login(request, services.join_as_new_person(invitation, **form.cleaned_data))
            return _welcomed(request, invitation)
        except services.InvitationClosed:
            return _closed(request, _state_now(invitation))
        except services.WrongAccount:
            form.add_error("email", words.OTHER_EMAIL)
        except services.EmailTaken:
            form.add_error("email", words.EMAIL_TAKEN)
        except TooBusyToHash:
            form.add_error("password", words.BUSY)
    context = {"invitation": invitation, "form": form, "oidc_name": oidc_name()}
    return render(request, "accounts/join.html", context, status=422 if form.is_bound else 200)


def _welcomed(request: HttpRequest, invitation: Invitation) -> HttpResponseBase:
    choose_team(request, invitation.team)
    return SeeOther(reverse("videos:library"))


def _already_member(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    return render(request, "accounts/join_member.html", {"joined": invitation.team})


def _wrong_account(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    return render(request, "accounts/join_other.html", {"invitation": invitation}, status=FORBIDDEN)


def _state_now(invitation: Invitation) -> InvitationState:
    invitation.refresh_from_db()
    return queries.state_of(invitation)


def _closed(request: HttpRequest, state: InvitationState | None) -> HttpResponse:
    heading, advice = CLOSED[state]
    return render(request, "accounts/join_closed.html", {"heading": heading, "advice": advice}, status=GONE)
