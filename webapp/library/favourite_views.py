"""The star of a video: each person's own."""

from uuid import UUID

from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from webapp import access
from webapp.accounts.request_types import SignedInRequest
from webapp.http.responses import done
from webapp.videos.models import Favourite


@require_POST
def favourite(request: SignedInRequest, video_id: UUID) -> HttpResponseBase:
    """Puts a video among this person's favourites (`on`), or takes it out."""
    video = get_object_or_404(access.visible_videos(request.user), pk=video_id)
    here = reverse("videos:detail", args=[video.pk])
    if request.POST.get("on"):
        Favourite.objects.bulk_create([Favourite(user=request.user, video=video)], ignore_conflicts=True)
        return done(request, _("Added to your favourites."), here)
    Favourite.objects.filter(user=request.user, video=video).delete()
    return done(request, _("Removed from your favourites."), here)
