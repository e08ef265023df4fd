"""What a program learns about its access token."""

from django.conf import settings
from django.urls import reverse
from ninja import Router

from webapp.accounts.request_types import SignedInRequest
from webapp.api.resource_types import TokenOut

router = Router(tags=["Access token"])


@router.get("/token", response=TokenOut, operation_id="get_token", summary="Read the access token")
def get_token(request: SignedInRequest) -> TokenOut:
    """Tells for which team a program acts, how much it may do, and where it uploads videos."""
    token = request.user.access_token
    assert token is not None  # `endpoint_views` lets nobody else in
    return TokenOut(
        team_id=token.team_id,
        team=token.team.name,
        scope=token.scope,
        expires_at=token.expires_at,
        upload_url=reverse("videos:tus_create"),
        upload_max_bytes=settings.UPLOAD_MAX_BYTES,
    )
