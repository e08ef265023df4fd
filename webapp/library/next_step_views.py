"""The button that does away with the line about what to do next."""

from uuid import UUID

from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from webapp import access
from webapp.accounts.members.services import dismiss_next_step
from webapp.accounts.request_types import SignedInRequest
from webapp.http.responses import done


@require_POST
def dismiss(request: SignedInRequest, video_id: UUID) -> HttpResponseBase:
    """For this person in the team of the video, for good: the help says the same."""
    video = get_object_or_404(access.editable_videos(request.user).select_related("team"), pk=video_id)
    dismiss_next_step(video.team, request.user)
    return done(
        request, _("Dismissed. Help tells you the same at any time."), reverse("videos:detail", args=[video_id])
    )
