"""Naming and merging people, with the question "same person?" and what came of it."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from webapp import access
from webapp.accounts.request_types import SignedInRequest
from webapp.http.ids import uuid_or_none
from webapp.http.list_words import listed
from webapp.http.responses import refused, wants_json
from webapp.http.toasts import Link
from webapp.people import queries
from webapp.people.acts import conflict_queries, naming_queries, services
from webapp.people.acts.act_responses import act_done, edit_conflict
from webapp.people.acts.events import EditConflict
from webapp.people.acts.forms import NameForm, typed
from webapp.people.identification import similar_people_queries
from webapp.people.models import STANDING, Person
from webapp.people.summary_services import appearances_together

CANDIDATES = 24
MOST_AT_ONCE = 50


@require_POST
def name(request: SignedInRequest, person_id: UUID) -> HttpResponseBase:
    """Names a person. If somebody has that name already, asks first whether the two are the same."""
    person = get_object_or_404(access.editable_people(request.user).select_related("portrait"), pk=person_id)
    form = NameForm(request.POST)
    here = reverse("people:person", args=[person.pk])
    if not form.is_valid():
        return refused(request, _("A name can have up to 120 characters."), here, status=400)
    wished = form.cleaned_data["name"]
    if form.cleaned_data["merge_into"]:
        target = _other(request, person, form.cleaned_data["merge_into"])
        return _merge(request, [person], target)
    other = queries.same_name(person, wished) if wished and not form.cleaned_data["as_new"] else None
    if other is not None:
        return _ask_whether_same(request, person, other, wished)
    try:
        event = services.name_person(person, name=wished, seen=request.POST.get("was"), user=request.user)
    except EditConflict:
        return edit_conflict(request, here, person)
    return act_done(request, event, here, link=_where_else(request, person, wished))


def _where_else(request: HttpRequest, person: Person, name: str) -> Link | None:
    """Returns what a new name did beyond the page that it was given on: all videos of the person show it."""
    is_on_video = request.POST.get("next", "").startswith(reverse("videos:library"))
    count = person.videos - is_on_video
    if not name or count < 1:
        return None
    if is_on_video:
        words = ngettext("Also in %(count)d other video", "Also in %(count)d other videos", count)
    else:
        words = ngettext("In %(count)d video", "In %(count)d videos", count)
    return Link(f"{reverse('videos:library')}?person={person.pk}", words % {"count": count})


@require_GET
def merge_page(request: HttpRequest, person_id: UUID) -> HttpResponse:
    """Lists whom to merge with this person, most similar first; given `with`, previews that merge."""
    person = get_object_or_404(access.editable_people(request.user).filter(STANDING), pk=person_id)
    chosen = [_other(request, person, key) for key in request.GET.getlist("with")[:MOST_AT_ONCE]]
    if chosen:
        return render(request, "people/merge_preview.html", _preview(person, chosen, "keep" in request.GET))
    text = typed(request)
    context = {"person": person, "q": text, "candidates": similar_people_queries.candidates(person, text, CANDIDATES)}
    return render(request, "people/merge.html", context)


@require_POST
def merge(request: SignedInRequest, person_id: UUID) -> HttpResponseBase:
    """Merges everybody in `from` into this person. First shows what speaks against it, unless it was shown (`sure`)."""
    target = get_object_or_404(access.editable_people(request.user), pk=person_id)
    sources = [_other(request, target, key) for key in request.POST.getlist("from")[:MOST_AT_ONCE]]
    if not sources:
        here = reverse("people:merge_page", args=[target.pk])
        return refused(request, _("Select at least one person to merge."), here)
    context = _preview(target, sources, keep=True)
    wished = request.POST.get("name", "")
    is_open = context["speaks_against"] or (len(context["names"]) > 1 and not wished)
    if is_open and not request.POST.get("sure"):
        return render(request, "people/merge_preview.html", context, status=409)
    return _merge(request, sources, target, wished)


def _preview(person: Person, others: list[Person], keep: bool = False) -> dict[str, Any]:
    """Returns who stays and what changes. Unless somebody chose (`keep`), the named one stays, or the one seen more."""
    target, sources = person, others
    if len(others) == 1 and not keep and _weight(others[0]) > _weight(person):
        target, sources = others[0], [person]
    rows = [
        (source, conflict_queries.against_merging(source, target), similar_people_queries.similarity(source, target))
        for source in sources
    ]
    return {
        "target": target,
        "names": naming_queries.names_in_merge(target, sources),
        "rows": rows,
        "speaks_against": any(against for _, against, _ in rows),
        "after_count": appearances_together([target.pk, *(source.pk for source in sources)]),
    }


def _weight(person: Person) -> tuple[bool, int, int]:
    return bool(person.name), person.appearances, -person.number


def _other(request: HttpRequest, person: Person, key: object) -> Person:
    same_team = access.editable_people(request.user).filter(team=person.team_id).exclude(pk=person.pk)
    return get_object_or_404(same_team, pk=uuid_or_none(str(key)))


def _merge(request: SignedInRequest, sources: list[Person], target: Person, name: str = "") -> HttpResponseBase:
    here = reverse("people:person", args=[target.pk])
    before = target.appearances
    try:
        event = services.merge_people(*sources, target=target, user=request.user, name=name)
    except EditConflict:
        return edit_conflict(request, reverse("people:list"), *sources, target)
    target.refresh_from_db()
    if "name" in event.words:
        return act_done(request, event, here)
    words = ngettext(
        "Merged %(person)s into %(target)s: %(before)d → %(after)d appearance.",
        "Merged %(person)s into %(target)s: %(before)d → %(after)d appearances.",
        target.appearances,
    )
    values = {"person": listed(sources), "target": target, "before": before, "after": target.appearances}
    return act_done(request, event, here, words % values)


def _ask_whether_same(request: HttpRequest, person: Person, other: Person, wished: str) -> HttpResponse:
    context = {
        "person": person,
        "other": other,
        "name": wished,
        "person_count": person.appearances,
        "other_count": other.appearances,
        "after_count": appearances_together([person.pk, other.pk]),
        "against": conflict_queries.against_merging(person, other),
        "action": reverse("people:name", args=[person.pk]),
        "next": request.POST.get("next", ""),
        "was": request.POST.get("was"),
    }
    is_page = not wants_json(request) and request.headers.get("X-Requested-With") is None
    template = "people/same_person.html" if is_page else "people/_same_person.html"
    return render(request, template, context, status=409)
