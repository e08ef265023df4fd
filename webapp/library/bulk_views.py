"""Actions on several videos of the library at once: delete and restore, analyse again, find labels, tag."""

from django.http import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from webapp import access
from webapp.accounts.request_types import SignedInRequest
from webapp.http.ids import uuids_in
from webapp.http.responses import done, refused
from webapp.jobs.idempotency_responses import starts_work
from webapp.library.queries import MOST_AT_ONCE
from webapp.library.tagging.views import tag_response, untag_response
from webapp.recognition.batch_responses import start_batch_response
from webapp.training.registry.queries import deployed_runs
from webapp.undo_period import UNDO_PERIOD
from webapp.videos import services
from webapp.videos.models import Video


@require_POST
def bulk(request: SignedInRequest) -> HttpResponseBase:
    """Does `action` with each `video`; those that this person may not change are ignored."""
    here = reverse("videos:library")
    asked = uuids_in(request.POST.getlist("video"))
    if len(asked) > MOST_AT_ONCE:
        return refused(request, _("Select at most %(n)d videos at once.") % {"n": MOST_AT_ONCE}, here)
    mine = access.editable_videos(request.user).filter(pk__in=asked)
    chosen = list(mine.select_related("current_job", "team"))
    if not chosen:
        return refused(request, _("Select at least one video."), here)
    if request.POST.get("action") == "delete":
        return _delete(request, chosen, here)
    if request.POST.get("action") == "analyse":
        return _analyse(request, chosen, here)
    if request.POST.get("action") == "labels":
        return _find_labels(request, chosen, here)
    if request.POST.get("action") == "tag":
        return tag_response(request, chosen, here)
    if request.POST.get("action") == "untag":
        return untag_response(request, chosen, here)
    return refused(request, _("Choose what to do with these videos."), here)


@require_POST
def restore_many(request: SignedInRequest) -> HttpResponseBase:
    """Restores several deleted videos; `videos` are ids separated by commas."""
    here = reverse("videos:library")
    deleted = access.restorable_videos(request.user).filter(
        pk__in=uuids_in(request.POST.get("videos", "").split(",")[:MOST_AT_ONCE])
    )
    restored, duplicates = services.restore_videos(deleted, user=request.user)
    if not restored:
        return refused(request, _("These videos can no longer be restored."), here)
    words = ngettext("Restored %(n)d video.", "Restored %(n)d videos.", restored) % {"n": restored}
    if duplicates:
        words += " " + ngettext(
            "%(n)d stays deleted: it was uploaded again in the meantime.",
            "%(n)d stay deleted: they were uploaded again in the meantime.",
            duplicates,
        ) % {"n": duplicates}
    return done(request, words, here)


def _delete(request: SignedInRequest, chosen: list[Video], here: str) -> HttpResponseBase:
    services.delete_videos(chosen, user=request.user)
    words = ngettext("Deleted %(n)d video.", "Deleted %(n)d videos.", len(chosen)) % {"n": len(chosen)}
    minutes = int(UNDO_PERIOD.total_seconds() // 60)
    words += " " + ngettext(
        "You can undo this for %(minutes)d minute.", "You can undo this for %(minutes)d minutes.", minutes
    ) % {"minutes": minutes}
    fields = {"videos": ",".join(str(video.pk) for video in chosen)}
    return done(request, words, here, reverse("videos:restore_many"), fields)


@starts_work
def _analyse(request: SignedInRequest, chosen: list[Video], here: str) -> HttpResponseBase:
    begun = 0
    for video in chosen:
        try:
            services.analyse_again(video, thoroughness=video.thoroughness, user=request.user)
            begun += 1
        except services.CannotAnalyse:
            continue
    if not begun:
        words = _("None of these videos can be analysed now: they are being analysed, or their files are missing.")
        return refused(request, words, here)
    words = ngettext("Analysing %(n)d video again.", "Analysing %(n)d videos again.", begun) % {"n": begun}
    left = len(chosen) - begun
    if left:
        words += " " + ngettext(
            "%(n)d was skipped: it is being analysed, or its file is missing.",
            "%(n)d were skipped: they are being analysed, or their files are missing.",
            left,
        ) % {"n": left}
    return done(request, words, here)


@starts_work
def _find_labels(request: SignedInRequest, chosen: list[Video], here: str) -> HttpResponseBase:
    runs = [run for team in {video.team_id for video in chosen} for run in deployed_runs(team)]
    return start_batch_response(request, runs, access.editable_videos(request.user), here)
