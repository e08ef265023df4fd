"""What second factors are called."""

from allauth.mfa.models import Authenticator
from django.utils.translation import gettext as _


def name_of(factor: Authenticator) -> str:
    """Returns the name that the audit log keeps."""
    if factor.type == Authenticator.Type.WEBAUTHN:
        return _("Passkey “%(name)s”") % {"name": factor.data["name"]}
    return _("Authenticator app") if factor.type == Authenticator.Type.TOTP else _("Recovery codes")
