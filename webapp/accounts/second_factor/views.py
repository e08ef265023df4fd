"""Setting up and removing second factors of one's own account."""

from allauth.mfa.base.internal.flows import delete_and_cleanup, post_authentication
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal import flows as code_flows
from allauth.mfa.totp.internal import flows as totp_flows
from allauth.mfa.webauthn.internal import auth as passkey_auth
from allauth.mfa.webauthn.internal import flows as passkey_flows
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from webapp import access
from webapp.accounts.profile.services import sign_out_elsewhere
from webapp.accounts.reauthentication.responses import reauthentication_required
from webapp.accounts.request_types import SignedInRequest
from webapp.accounts.second_factor import queries, services
from webapp.accounts.second_factor.adapter import SecondFactorAdapter
from webapp.accounts.second_factor.forms import NewPasskeyForm, PasskeyNameForm, TotpSetupForm
from webapp.http.responses import SeeOther, done, refused

PROFILE = "accounts:profile"


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@reauthentication_required
def set_up_app(request: SignedInRequest) -> HttpResponseBase:
    """Shows the secret as a QR code and as text, and asks for a code of the app that has it."""
    if queries.has_app(request.user):
        return SeeOther(reverse(PROFILE))
    is_first = not queries.has_second_factor(request.user)
    form = TotpSetupForm(request.POST or None, user=request.user)
    if not form.is_valid():
        url = SecondFactorAdapter().build_totp_url(request.user, form.secret)
        context = {"form": form, "secret": _in_fours(form.secret), "url": url, "qr": queries.qr_picture(url)}
        context["is_first"] = is_first
        return render(request, "accounts/app_setup.html", context, status=422 if form.is_bound else 200)
    app, codes = totp_flows.activate_totp(request, form)
    return _added(request, app, codes, is_first)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@reauthentication_required
def add_passkey(request: SignedInRequest) -> HttpResponseBase:
    """Has the browser make a passkey that asks for a fingerprint, a face or a PIN, and stores its public key."""
    is_first = not queries.has_second_factor(request.user)
    form = NewPasskeyForm(request.POST or None, user=request.user)
    if not form.is_valid():
        options = passkey_auth.begin_registration(request.user, passwordless=True)
        context = {"form": form, "options": options, "is_first": is_first}
        return render(request, "accounts/passkey_add.html", context, status=422 if form.is_bound else 200)
    passkey, codes = passkey_flows.add_authenticator(
        request, name=form.cleaned_data["name"], credential=form.cleaned_data["credential"]
    )
    return _added(request, passkey, codes, is_first)


@require_http_methods(["GET", "HEAD", "POST"])
@reauthentication_required
def remove(request: SignedInRequest, factor_id: int) -> HttpResponseBase:
    """Asks whether to remove the app or a passkey, and removes it. With the last of them go the recovery codes."""
    own = queries.factors_of(request.user)
    factor = get_object_or_404(own, pk=factor_id)
    if request.method != "POST":
        is_last = own.count() == 1
        asking = access.joined_teams(request.user).filter(requires_second_factor=True) if is_last else []
        context = {"factor": factor, "is_last": is_last, "asking": asking}
        return render(request, "accounts/factor_remove.html", context)
    services.tell(request.user, "removed_second_factor", factor)
    delete_and_cleanup(request, factor)
    return done(request, _("Removed."), reverse(PROFILE))


@require_POST
@reauthentication_required
def rename_passkey(request: SignedInRequest, factor_id: int) -> HttpResponseBase:
    passkeys = Authenticator.objects.filter(user=request.user, type=Authenticator.Type.WEBAUTHN)
    passkey, form = get_object_or_404(passkeys, pk=factor_id), PasskeyNameForm(request.POST)
    if not form.is_valid():
        return refused(request, _("A passkey needs a name of at most 60 characters."), reverse(PROFILE))
    passkey_flows.rename_authenticator(request, passkey, form.cleaned_data["name"])
    return done(request, _("Saved."), reverse(PROFILE))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@reauthentication_required
def new_recovery_codes(request: SignedInRequest) -> HttpResponseBase:
    """Asks whether to make new recovery codes, and shows them, this once; those before no longer work."""
    if not queries.has_second_factor(request.user):
        return refused(request, _("Set up an authenticator app or a passkey first."), reverse(PROFILE))
    if request.method != "POST":
        return render(request, "accounts/codes_new.html")
    codes = code_flows.generate_recovery_codes(request)
    services.tell(request.user, "made_recovery_codes", codes)
    return _show_codes(request, codes)


def _added(
    request: SignedInRequest, factor: Authenticator, codes: Authenticator | None, is_first: bool
) -> HttpResponseBase:
    """Counts it as a proof. With the first factor sessions end that began without one."""
    post_authentication(request, factor, reauthenticated=True)
    services.tell(request.user, "added_second_factor", factor)
    if is_first:
        sign_out_elsewhere(request)
    if codes is not None:
        return _show_codes(request, codes)
    return done(request, _("Saved."), reverse(PROFILE))


def _show_codes(request: SignedInRequest, codes: Authenticator) -> HttpResponse:
    return render(request, "accounts/codes_made.html", {"codes": queries.codes_left(codes)})


def _in_fours(secret: str) -> str:
    return " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))
