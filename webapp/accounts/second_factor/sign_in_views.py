"""The second step of signing in, and signing in with a passkey alone."""

from typing import Any

from allauth.account.internal.decorators import login_not_required
from allauth.account.internal.stagekit import clear_login, unstash_login
from allauth.mfa.base.views import AuthenticateView
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.views import LoginWebAuthnView
from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from webapp.accounts.second_factor import queries, services
from webapp.accounts.second_factor.forms import PasskeySignInForm, PasskeyStepForm, SecondStepForm
from webapp.http.responses import SeeOther
from webapp.http.toasts import toast


class SecondStepView(AuthenticateView):
    """Asks for a code or a passkey; until then nobody is signed in."""

    form_class = SecondStepForm
    webauthn_form_class = PasskeyStepForm
    template_name = "accounts/second_step.html"

    @method_decorator(login_not_required)
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Forgets a first step of an account that was deleted, deactivated or signed out everywhere since."""
        begun = unstash_login(request, peek=True)
        if begun is not None and not queries.is_first_step_valid(request, begun.user):
            clear_login(request)
        response: HttpResponseBase = super().dispatch(request, *args, **kwargs)
        return response

    def form_valid(self, form: Any) -> HttpResponseBase:
        response: HttpResponseBase = super().form_valid(form)
        used = getattr(form, "authenticator", None)
        if used is not None and used.type == Authenticator.Type.RECOVERY_CODES:
            services.tell(used.user, "used_recovery_code", used)
            left = queries.security_of(used.user).codes_left or 0
            words = ngettext("%(n)s recovery code is left.", "%(n)s recovery codes are left.", left) % {"n": left}
            toast(self.request, words, level=messages.WARNING)
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        user = self.stage.login.user
        return context | {"has_passkey": queries.has_passkey(user), "has_app": queries.has_app(user)}


class PasskeySignInView(LoginWebAuthnView):
    """Tells a script what to ask a passkey for, and takes what it answered."""

    form_class = PasskeySignInForm

    def form_invalid(self, form: Any) -> HttpResponseBase:
        toast(self.request, _("This passkey did not work. Sign in with your password."), level=messages.WARNING)
        return SeeOther(reverse("accounts:login"))


second_step = SecondStepView.as_view()
passkey_sign_in = PasskeySignInView.as_view()
