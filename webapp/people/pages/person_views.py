"""The page of one person, and what its buttons do: move, split, choose portrait, delete, set thresholds."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from webapp import access
from webapp.accounts.request_types import SignedInRequest
from webapp.audit.action_choices import SubjectKind
from webapp.audit.services import subject_of
from webapp.audit.sighting_services import record_seen
from webapp.http.responses import refused
from webapp.people import queries, unclear_queries
from webapp.people.acts import conflict_queries, history_words, services
from webapp.people.acts.act_responses import act_done, edit_conflict
from webapp.people.acts.events import EditConflict
from webapp.people.acts.forms import NameForm, ThresholdsForm
from webapp.people.identification import confidence_words, tentative_queries, why_queries
from webapp.people.models import STANDING, Face, Person
from webapp.people.pages import person_queries

HISTORY_SHOWN = 20


@require_GET
def person_page(request: HttpRequest, person_id: UUID) -> HttpResponse:
    """Shows a person; somebody who was merged redirects to the person they are now."""
    person = get_object_or_404(access.visible_people(request.user).select_related("merged_into", "team"), pk=person_id)
    if person.merged_into is not None:
        return redirect("people:person", person.merged_into.pk)
    record_seen(request, subject_of(SubjectKind.PERSON, person), team_id=person.team_id)
    roles = {
        "can_edit": access.editable_teams(request.user).filter(pk=person.team_id).exists(),
        "can_export": access.exporting_teams(request.user).filter(pk=person.team_id).exists(),
        "can_manage": access.manageable_teams(request.user).filter(pk=person.team_id).exists(),
    }
    events = list(history_words.of_person(person)[: HISTORY_SHOWN + 1])
    context = roles | {
        "person": person,
        "row": queries.name_row(person),
        "videos": person_queries.videos_of(person, request.GET.get("page")),
        "companions": person_queries.companions(person),
        "seen_now": tentative_queries.seen_now(person.team, person),
        "events": [
            (event, history_words.sentence(event), history_words.who(event)) for event in events[:HISTORY_SHOWN]
        ],
        "can_split": person_queries.tracks_to_split(person) > 1,
        "has_more_events": len(events) > HISTORY_SHOWN,
        "thresholds": confidence_words.thresholds_of_person(person) if roles["can_manage"] else None,
    }
    return render(request, "people/person.html", context)


@require_GET
def why_page(request: HttpRequest, track_id: int) -> HttpResponse:
    """Explains the name of one appearance, given by its first track."""
    track = get_object_or_404(access.visible_tracks(request.user).select_related("person"), pk=track_id)
    person = track.person
    assert person is not None  # `visible_tracks` are somebody's
    can_edit = access.editable_teams(request.user).filter(pk=person.team_id).exists()
    context = {"track": track, "person": person, "reason": why_queries.of_track(track, person), "can_edit": can_edit}
    return render(request, "people/why.html", context)


@require_GET
def split_page(request: HttpRequest, person_id: UUID) -> HttpResponse:
    """Proposes how to split a person."""
    person = get_object_or_404(access.editable_people(request.user).filter(STANDING), pk=person_id)
    return render(request, "people/split.html", {"person": person, "groups": person_queries.proposed_split(person)})


@require_POST
def split(request: SignedInRequest, person_id: UUID) -> HttpResponseBase:
    """Makes one new person of the chosen groups."""
    person = get_object_or_404(access.editable_people(request.user), pk=person_id)
    here = reverse("people:person", args=[person.pk])
    chosen = _numbers(",".join(request.POST.getlist("group")))
    if not chosen:
        return refused(request, _("Select at least one group."), reverse("people:split_page", args=[person.pk]))
    if len(set(chosen)) >= person_queries.tracks_to_split(person):
        words = _("Leave at least one group with %(person)s.") % {"person": person}
        return refused(request, words, reverse("people:split_page", args=[person.pk]))
    try:
        event, new = services.split_person(person, track_ids=chosen, user=request.user)
    except EditConflict:
        return edit_conflict(request, here, person)
    # Undone, the new person is gone.
    return act_done(request, event, reverse("people:person", args=[new.pk]), after_undo=here)


@require_POST
def move(request: SignedInRequest, person_id: UUID) -> HttpResponseBase:
    """Gives the chosen appearances to whoever has the typed name, or to a new person."""
    person = get_object_or_404(access.editable_people(request.user), pk=person_id)
    here = reverse("people:person", args=[person.pk])
    form, chosen = NameForm(request.POST), _numbers(",".join(request.POST.getlist("track")))
    if not chosen or not form.is_valid():
        return refused(request, _("Select the appearances that show someone else."), here)
    name = form.cleaned_data["name"].strip()
    target = queries.same_name(person, name) if name and not form.cleaned_data["as_new"] else None
    if target is not None and not request.POST.get("sure"):
        meetings = conflict_queries.against_moving(person_queries.tracks_of(person, chosen), target)
        if meetings:
            context = {"person": person, "target": target, "meetings": meetings, "tracks": chosen, "name": name}
            return render(request, "people/move_conflict.html", context, status=409)
    try:
        event, _to = services.move_appearances(person, track_ids=chosen, target=target, name=name, user=request.user)
    except EditConflict:
        return edit_conflict(request, here, person)
    return act_done(request, event, here)


@require_POST
def make_unclear(request: SignedInRequest, person_id: UUID) -> HttpResponseBase:
    """Makes the chosen appearances unclear faces, which are nobody; none of them may have a clear view."""
    person = get_object_or_404(access.editable_people(request.user), pk=person_id)
    here = reverse("people:person", args=[person.pk])
    chosen = _numbers(",".join(request.POST.getlist("track")))
    if not chosen:
        return refused(request, _("Select the appearances that show someone else."), here)
    if unclear_queries.without_clear_view(chosen) != set(chosen):
        return refused(request, _("Someone can be recognised in one of these appearances. Say who it is."), here)
    try:
        event = services.make_unclear(person, track_ids=chosen, user=request.user)
    except EditConflict:
        return edit_conflict(request, here, person)
    return act_done(request, event, here)


@require_POST
def portrait(request: SignedInRequest, person_id: UUID) -> HttpResponseBase:
    """Makes the best view of the chosen appearance the portrait."""
    person = get_object_or_404(access.editable_people(request.user), pk=person_id)
    here = reverse("people:person", args=[person.pk])
    faces = access.visible_faces(request.user).filter(track__person=person)
    chosen = _numbers(",".join(request.POST.getlist("track")))
    face: Face | None = faces.filter(track__in=chosen[:1]).order_by("-quality", "pk").first()
    if face is None:
        return refused(request, _("Select one appearance. Its best picture becomes the portrait."), here)
    try:
        event = services.choose_portrait(person, face=face, user=request.user)
    except EditConflict:
        return edit_conflict(request, here, person)
    return act_done(request, event, here)


@require_POST
def delete(request: SignedInRequest, person_id: UUID) -> HttpResponseBase:
    """Deletes a person, which can be undone."""
    person = get_object_or_404(access.editable_people(request.user), pk=person_id)
    try:
        event = services.delete_person(person, user=request.user)
    except EditConflict:
        return edit_conflict(request, reverse("people:list"), person)
    return act_done(request, event, reverse("people:list"))


@require_POST
def thresholds(request: SignedInRequest, person_id: UUID) -> HttpResponseBase:
    """Sets how similar new faces must be to match this person, or to be asked about."""
    managed = Person.objects.filter(team__in=access.manageable_teams(request.user))
    person = get_object_or_404(managed, pk=person_id)
    here = reverse("people:person", args=[person.pk])
    form = ThresholdsForm(request.POST, usual=confidence_words.defaults_of_person(person))
    if not form.is_valid():
        return refused(request, _("Enter two percentages. “Ask me” cannot be higher than “Match automatically”."), here)
    wished: dict[str, Any] = {key: value and value / 100 for key, value in form.cleaned_data.items()}
    try:
        event = services.set_thresholds(person, **wished, user=request.user)
    except EditConflict:
        return edit_conflict(request, here, person)
    return act_done(request, event, here)


def _numbers(text: str) -> list[int]:
    return [int(part) for part in text.split(",") if part.strip().isdecimal() and len(part) < 19]
