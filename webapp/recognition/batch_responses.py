"""Responds to a POST that asks for models to be run on videos, from the page of models or from the library."""

from collections.abc import Sequence

from django.db.models import QuerySet
from django.http import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from webapp import access
from webapp.accounts.request_types import SignedInRequest
from webapp.http.ids import uuids_in
from webapp.http.responses import done, refused
from webapp.recognition import services
from webapp.training.models import TrainingRun
from webapp.videos.models import Video

MOST_AT_ONCE = 5000
ALL, WITHOUT, CHOSEN = "all", "without", "chosen"


def start_batch_response(
    request: SignedInRequest, runs: Sequence[TrainingRun], videos: QuerySet[Video], here: str
) -> HttpResponseBase:
    """Starts one batch of `runs` on those of `videos` that the form chose, and leads to its page.

    The form says `which`: all, those without labels of the only run, or each `video` named.
    """
    if not runs:
        return refused(request, _("No model is in use. Choose a finished run and use its model first."), here)
    which = request.POST.get("which", CHOSEN)
    chosen = uuids_in(request.POST.getlist("video")[:MOST_AT_ONCE])
    if which == CHOSEN and not chosen:
        return refused(request, _("No videos selected. Select some first."), here)
    if which == CHOSEN:
        videos = videos.filter(pk__in=chosen)
    elif which == WITHOUT and len(runs) == 1:
        videos = services.not_labelled_by(runs[0], videos)
    batch = services.start_batch(runs, list(videos.select_related("team")[:MOST_AT_ONCE]), user=request.user)
    if batch is None:
        return refused(request, _("The model cannot run on these videos now. Choose analysed videos."), here)
    n = access.visible_recognitions(request.user).filter(batch=batch).count()
    words = ngettext("Running on %(n)d video.", "Running on %(n)d videos.", n) % {"n": n}
    return done(request, words, reverse("recognition:batch", args=[batch]))
