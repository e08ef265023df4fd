"""Whether and under which name another way to sign in is offered."""

from django.conf import settings

PROVIDER_ID = "oidc"


def oidc_name() -> str:
    """Returns what the provider is called on the pages; empty without one."""
    return str(settings.OIDC_NAME) if settings.OIDC_ISSUER else ""
