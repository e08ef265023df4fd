"""The list of people with its modes, suggestions of names, pictures of faces."""

from typing import Any
from uuid import UUID

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import aget_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST, require_safe

from webapp import access
from webapp.accounts.context_processors import team_of, team_to_edit
from webapp.accounts.request_limit_middleware import asked_often
from webapp.accounts.request_types import SignedInRequest
from webapp.http.ids import uuids_in
from webapp.http.ranged_responses import stored_response
from webapp.http.responses import done
from webapp.people import queries
from webapp.people.acts import history_words, services
from webapp.people.acts.act_responses import act_done
from webapp.people.acts.forms import typed
from webapp.people.identification import tentative_queries
from webapp.people.models import Person
from webapp.people.review import queries as review_queries

PAGE_SIZE = 60
FACE_AGE_S = 7 * 24 * 3600
"""A face's picture never changes under its id."""
MODES = ("hide", "merge")
SORTS = (
    ("", gettext_lazy("Named first")),
    ("name", gettext_lazy("Name")),
    ("time", gettext_lazy("Time on screen")),
    ("seen", gettext_lazy("Last seen")),
)
"""Orders of the list, as `queries.ORDERS` has them."""


class Counted(Paginator):  # type: ignore[type-arg]
    """Pages of a list whose length is known: counting 60,000 people twice takes noticeable time."""

    def __init__(self, people: QuerySet[Person], per_page: int, length: int) -> None:
        super().__init__(people, per_page)
        self.count = length


@require_GET
def people_list(request: HttpRequest) -> HttpResponse:
    """Shows people as tiles. Mode `hide` includes hidden ones, to show them again; in `merge` each leads to merging."""
    team = team_of(request)
    can_edit = team is not None and access.editable_teams(request.user).filter(pk=team.pk).exists()
    mode = request.GET.get("mode", "") if can_edit and request.GET.get("mode") in MODES else ""
    sort = request.GET.get("sort", "") if request.GET.get("sort") in queries.ORDERS else ""
    everybody = queries.in_order(access.visible_people(request.user).filter(team=team), sort)
    counts = queries.people_counts(everybody)
    people = everybody if mode == "hide" else everybody.filter(is_hidden=False)
    text = typed(request)
    listed = counts.named + counts.unnamed + (counts.hidden if mode == "hide" else 0)
    if text:
        people, listed = queries.called(people, text), queries.count_called(people, text)
    page = Counted(people, PAGE_SIZE, listed).get_page(request.GET.get("page"))
    context: dict[str, Any] = {
        "people": page,
        "q": text,
        "mode": mode,
        "sort": sort,
        "sorts": SORTS,
        "can_edit": can_edit,
        "can_search": team is not None and access.photo_search_teams(request.user).filter(pk=team.pk).exists(),
        "can_manage": team is not None and access.manageable_teams(request.user).filter(pk=team.pk).exists(),
        "counts": counts,
        "seen_now": tentative_queries.seen_now(team) if team and not mode and not text else [],
        "to_review": review_queries.badge(team) if team and can_edit else "",
    }
    return render(request, "people/list.html", context)


@require_POST
def visibility(request: SignedInRequest) -> HttpResponseBase:
    """Shows those of the `shown` tiles that are `visible` and hides the others; changes only what differs."""
    team = team_to_edit(request)
    shown = set(uuids_in(request.POST.getlist("shown")))
    visible = set(uuids_in(request.POST.getlist("visible")))
    events = services.show_and_hide(team=team, show=visible & shown, hide=shown - visible, user=request.user)
    here = reverse("people:list")
    if not events:
        return done(request, _("Nothing changed."), here)
    if len(events) == 1:
        return act_done(request, events[0], here)
    words = " · ".join(history_words.sentence(event) for event in events)
    return done(request, words + ".", here, reverse("people:undo_both", args=[event.pk for event in events]))


@require_GET
def suggest(request: HttpRequest) -> HttpResponse:
    """Completes a name, as JSON."""
    people = access.visible_people(request.user).filter(team=team_of(request))
    return JsonResponse(queries.suggestions(people, typed(request)), safe=False)


@asked_often
@require_safe
async def face_picture(request: HttpRequest, face_id: UUID) -> HttpResponseBase:
    """Sends the picture of a face."""
    face = await aget_object_or_404(access.visible_faces(request.user), pk=face_id)
    return await stored_response(request, face.picture_key, "image/jpeg", max_age_s=FACE_AGE_S)
