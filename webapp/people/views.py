"""Pages of people: the list, naming, suggestions, pictures of faces."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import aget_object_or_404, get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST, require_safe

from webapp import access
from webapp.accounts.context import team_of
from webapp.people import queries, services
from webapp.people.forms import NameForm
from webapp.people.models import Merge, Person
from webapp.streaming import ranged_response
from webapp.videos.answers import done, refused, wants_json

PAGE_SIZE = 60
FACE_AGE_S = 7 * 24 * 3600
"""A face's picture never changes under its id."""


@login_required
@require_GET
def people_list(request: HttpRequest) -> HttpResponse:
    team = team_of(request)
    typed = _typed(request)
    people = access.visible_people(request.user).filter(team=team)
    if typed:
        people = people.filter(name__icontains=typed)
    page = Paginator(queries.with_appearances(people), PAGE_SIZE).get_page(request.GET.get("page"))
    queries.attach_videos(list(page.object_list))
    can_edit = team is not None and access.editable_teams(request.user).filter(pk=team.pk).exists()
    return render(request, "people/list.html", {"people": page, "q": typed, "can_edit": can_edit})


@login_required
@require_GET
def suggest(request: HttpRequest) -> HttpResponse:
    people = access.visible_people(request.user).filter(team=team_of(request))
    found = queries.suggestions(people, _typed(request))
    return JsonResponse(found, safe=False)


@login_required
@require_safe
async def face_picture(request: HttpRequest, face_id: UUID) -> HttpResponseBase:
    face = await aget_object_or_404(access.visible_faces(await request.auser()), pk=face_id)
    try:
        return await ranged_response(request, face.picture_key, "image/jpeg", max_age_s=FACE_AGE_S)
    except FileNotFoundError as error:
        raise Http404 from error


@login_required
@require_POST
def name(request: HttpRequest, person_id: UUID) -> HttpResponseBase:
    """Names a person. Where the name is taken it asks first whether the two are the same."""
    person = get_object_or_404(access.editable_people(request.user).select_related("portrait"), pk=person_id)
    form = NameForm(request.POST)
    here = reverse("people:list")
    if not form.is_valid():
        return refused(request, _("A name has at most 120 characters."), here, status=400)
    wished = form.cleaned_data["name"]
    if form.cleaned_data["merge_into"]:
        return _merge(request, person, form.cleaned_data["merge_into"])
    other = queries.same_name(person, wished) if wished and not form.cleaned_data["as_new"] else None
    if other is not None:
        return _ask_whether_same(request, person, other, wished)
    before, old_name = str(person), person.name
    services.name_person(person, name=wished)
    person.name = wished
    words = _("“%(before)s” is now %(after)s.") % {"before": before, "after": person}
    undo = reverse("people:name", args=[person.pk])
    return done(request, words, here, undo, {"name": old_name, "as_new": "1"})


@login_required
@require_POST
def undo_merge(request: HttpRequest, merge_id: UUID) -> HttpResponseBase:
    mine = Merge.objects.filter(target__in=access.editable_people(request.user)).select_related("source", "target")
    merge = get_object_or_404(mine, pk=merge_id)
    here = reverse("people:list")
    if not services.undo_merge(merge):
        return refused(request, _("This was undone already."), here)
    words = _("%(source)s and %(target)s are two people again.")
    return done(request, words % {"source": merge.source, "target": merge.target}, here)


def _typed(request: HttpRequest) -> str:
    """Databases refuse the null character."""
    return request.GET.get("q", "").replace("\0", "").strip()[:120]


def _merge(request: HttpRequest, person: Person, target_id: UUID) -> HttpResponseBase:
    same_team = access.editable_people(request.user).filter(team=person.team_id).exclude(pk=person.pk)
    target = get_object_or_404(same_team, pk=target_id)
    before = queries.appearance_count(target)
    merge = services.merge_people(person, target=target, user=request.user)  # type: ignore[arg-type]
    after = queries.appearance_count(target)
    words = ngettext(
        "“%(person)s” is now %(target)s: %(before)d → %(after)d appearance.",
        "“%(person)s” is now %(target)s: %(before)d → %(after)d appearances.",
        after,
    )
    values = {"person": person, "target": target, "before": before, "after": after}
    return done(request, words % values, reverse("people:list"), reverse("people:undo_merge", args=[merge.pk]))


def _ask_whether_same(request: HttpRequest, person: Person, other: Person, wished: str) -> HttpResponse:
    counts = queries.appearance_count(person), queries.appearance_count(other)
    context = {
        "person": person,
        "other": other,
        "name": wished,
        "person_count": counts[0],
        "other_count": counts[1],
        "after_count": sum(counts),
        "together": queries.seen_together(person, other),
        "action": reverse("people:name", args=[person.pk]),
        "next": request.POST.get("next", ""),
    }
    is_page = not wants_json(request) and request.headers.get("X-Requested-With") is None
    template = "people/same_person.html" if is_page else "people/_same_person.html"
    return render(request, template, context, status=409)
