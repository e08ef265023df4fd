"""The page of a batch: progress, differences, apply, discard, undo."""

from uuid import UUID

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from webapp import access
from webapp.http.responses import done, refused
from webapp.jobs import lifecycle
from webapp.recognition.batches import difference_queries, queries, services
from webapp.recognition.models import Recognition

PAGE_SIZE = 20
APPLY, APPLY_ALL, DISCARD, DISCARD_ALL, STOP = "apply", "apply_all", "discard", "discard_all", "stop"


@require_GET
def batch(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """Shows the progress of a batch and what it would change, video by video."""
    recognitions = _recognitions(access.visible_recognitions(request.user), batch_id)
    ordered = recognitions.select_related("video", "run", "job").order_by("video__title", "video", "line", "pk")
    page = Paginator(ordered, PAGE_SIZE).get_page(request.GET.get("page"))
    ended = [each for each in page.object_list if each.ended_at is not None]
    found = {each.recognition.pk: each for each in difference_queries.differences_of(ended)}
    context = {
        "batch": batch_id,
        "page": page,
        "rows": [(each, found.get(each.pk)) for each in page.object_list],
        "counts": queries.counts(recognitions),
        "can_edit": access.editable_recognitions(request.user).filter(batch=batch_id).exists(),
        "team_id": page.object_list[0].video.team_id,
    }
    return render(request, "recognition/batch.html", context)


@require_POST
def decide(request: HttpRequest, batch_id: UUID) -> HttpResponseBase:
    """Reads `act`: apply or discard (each `recognition`), apply_all or discard_all (all that wait), or stop."""
    recognitions = _recognitions(access.editable_recognitions(request.user), batch_id)
    here = reverse("recognition:batch", args=[batch_id])
    act = request.POST.get("act", "")
    if act == STOP:
        return _stop(request, recognitions, here)
    if act in (APPLY_ALL, DISCARD_ALL):
        wished = list(recognitions.filter(queries.NEW))
    elif act in (APPLY, DISCARD):
        wished = queries.chosen(recognitions.filter(queries.NEW), request.POST.getlist("recognition"))
    else:
        return refused(request, _("Choose what to do with the new labels."), here)
    if not wished:
        return refused(request, _("Select at least one video with new labels."), here)
    is_applying = act in (APPLY, APPLY_ALL)
    if is_applying:
        moved = [recognition for recognition in wished if services.apply(recognition)]
    else:
        moved = wished if services.discard(wished) else []
    return _told(request, moved, here, batch_id, is_applying=is_applying)


@require_POST
def undo(request: HttpRequest, batch_id: UUID) -> HttpResponseBase:
    """Undoes applying or discarding for each of `recognitions` (ids separated by commas)."""
    recognitions = _recognitions(access.editable_recognitions(request.user), batch_id)
    here = reverse("recognition:batch", args=[batch_id])
    wished = queries.chosen(recognitions, request.POST.get("recognitions", "").split(","))
    taken = [recognition for recognition in wished if recognition.taken_over_at is not None]
    back = sum(services.undo_apply(recognition) for recognition in taken)
    back += services.restore(recognition for recognition in wished if recognition.discarded_at is not None)
    if not back:
        return refused(request, _("This can no longer be undone: newer labels have replaced these."), here)
    words = ngettext("Undone for %(n)d video.", "Undone for %(n)d videos.", back) % {"n": back}
    return done(request, words, here)


def _recognitions(recognitions: QuerySet[Recognition], batch_id: UUID) -> QuerySet[Recognition]:
    """Returns the recognitions of one batch. Raises Http404 where none may be seen."""
    found = recognitions.filter(batch=batch_id)
    if not found.exists():
        raise Http404
    return found


def _stop(request: HttpRequest, recognitions: QuerySet[Recognition], here: str) -> HttpResponseBase:
    stopped = sum(lifecycle.cancel(job) for job in recognitions.filter(queries.IN_WORK).values_list("job", flat=True))
    if not stopped:
        return refused(request, _("Nothing left to stop."), here)
    return done(request, _("Stopped. You can still apply the labels found so far."), here)


def _told(
    request: HttpRequest, moved: list[Recognition], here: str, batch_id: UUID, *, is_applying: bool
) -> HttpResponseBase:
    n = len(moved)
    if is_applying:
        words = ngettext("Applied new labels to %(n)d video.", "Applied new labels to %(n)d videos.", n)
    else:
        words = ngettext("Discarded new labels for %(n)d video.", "Discarded new labels for %(n)d videos.", n)
    fields = {"recognitions": ",".join(str(recognition.pk) for recognition in moved)}
    return done(request, words % {"n": n}, here, reverse("recognition:undo", args=[batch_id]), fields)
