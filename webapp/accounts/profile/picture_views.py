"""The picture of somebody's account: choosing and removing one's own, and showing it to who shares a team."""

import logging

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import aget_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from analysis.errors import PictureTooLarge, UnreadablePicture
from webapp import access
from webapp.accounts.profile import picture_services
from webapp.accounts.request_limit_middleware import asked_often
from webapp.accounts.request_types import SignedInRequest
from webapp.http.body_limit_middleware import MAX_BODY_BYTES, takes_bodies_of
from webapp.http.ranged_responses import stored_response
from webapp.http.responses import done, refused

logger = logging.getLogger(__name__)

AGE_S = 24 * 3600
"""Each picture has an address of its own, see `{% avatar %}`."""


@asked_often
@require_safe
async def picture(request: HttpRequest, user_id: int) -> HttpResponseBase:
    account = await aget_object_or_404(access.visible_accounts(await request.auser()), pk=user_id)
    return await stored_response(request, account.picture_key, "image/jpeg", max_age_s=AGE_S)


@takes_bodies_of(MAX_BODY_BYTES)
@require_POST
def set_picture(request: SignedInRequest) -> HttpResponseBase:
    here, sent = reverse("accounts:profile"), request.FILES.get("picture")
    if not isinstance(sent, UploadedFile):
        return refused(request, _("Choose a picture first."), here)
    try:
        picture_services.set_picture(request.user, sent.read())
    except TimeoutError:
        return refused(request, _("The server is busy with other pictures. Try again in a minute."), here)
    except PictureTooLarge:
        return refused(request, _("This picture is too large. Make it smaller and try again."), here)
    except UnreadablePicture as error:
        logger.info("A picture of an account could not be read: %s", error)
        return refused(request, _("This file is not a readable picture. Try a JPEG or PNG."), here)
    return done(request, _("Saved."), here)


@require_POST
def remove_picture(request: SignedInRequest) -> HttpResponseBase:
    picture_services.remove_picture(request.user)
    return done(request, _("Your picture has been removed."), reverse("accounts:profile"))
