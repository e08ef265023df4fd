"""The way to an OpenID Connect provider and back."""

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.providers.openid_connect import views
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from requests import RequestException

from webapp.accounts.oidc.adapter import refuse
from webapp.accounts.oidc.context import PROVIDER_ID, oidc_name

OWN_PAGES = ("same-origin", "none")


@login_not_required
@never_cache
@require_safe
def to_provider(request: HttpRequest) -> HttpResponseBase:
    """Sends people on to the provider. A link, since the policy for forms names no other site.

    Followed only from our own pages: others could sign people in, into an account that is not theirs.
    """
    if not oidc_name() or request.headers.get("Sec-Fetch-Site", "same-origin") not in OWN_PAGES:
        raise Http404
    try:
        try:
            response: HttpResponseBase = views.login(request, PROVIDER_ID)
            return response
        except (RequestException, KeyError, ValueError):
            refuse(request, _("The other sign-in cannot be reached. Sign in with your password."))
    except ImmediateHttpResponse as refused:
        back: HttpResponseBase = refused.response
        return back


@login_not_required
@never_cache
@require_safe
def from_provider(request: HttpRequest, provider_id: str = PROVIDER_ID) -> HttpResponseBase:
    """Takes the code that the provider sent along."""
    if not oidc_name():
        raise Http404
    response: HttpResponseBase = views.callback(request, provider_id)
    return response
