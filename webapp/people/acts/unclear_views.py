"""Says by hand whom an unclear face shows."""

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from webapp import access
from webapp.accounts.request_types import SignedInRequest
from webapp.http.responses import refused, wants_json
from webapp.people import queries, unclear_queries
from webapp.people.acts import conflict_queries, services
from webapp.people.acts.act_responses import act_done, edit_conflict
from webapp.people.acts.conflict_queries import Meeting
from webapp.people.acts.events import EditConflict
from webapp.people.acts.forms import GiveForm
from webapp.people.models import STANDING, Person, Track


@require_POST
def give(request: SignedInRequest, track_id: int) -> HttpResponseBase:
    """Gives an unclear face to the chosen person, to whoever has the typed name, or to a new person of that name.

    Asks first where that person is in the same picture.
    """
    tracks = access.editable_tracks(request.user).select_related("analysis__video__team", "person")
    track = get_object_or_404(tracks, pk=track_id)
    video = track.analysis.video
    here = reverse("videos:detail", args=[video.pk])
    if track.person is not None:
        return edit_conflict(request, here, track.person)
    form = GiveForm(request.POST)
    if not form.is_valid():
        return refused(request, _("Enter a name of up to 120 characters, or choose someone."), here, status=400)
    target, name = _target(request, track, form), form.cleaned_data["name"]
    if target is not None and not form.cleaned_data["sure"]:
        meetings = conflict_queries.against_moving(unclear_queries.tracklets_of(track), target)
        if meetings:
            return _ask_whether_sure(request, track, target, meetings, name)
    try:
        event, _to = services.give_unclear_faces(
            video.team, track_ids=[track.pk], target=target, name=name, user=request.user
        )
    except EditConflict:
        return edit_conflict(request, here, *([target] if target else []))
    return act_done(request, event, here)


def _target(request: SignedInRequest, track: Track, form: GiveForm) -> Person | None:
    """Returns None for a new person."""
    team, chosen = track.analysis.video.team_id, form.cleaned_data
    if chosen["person"]:
        people = access.editable_people(request.user).filter(STANDING, team=team)
        return get_object_or_404(people, pk=chosen["person"])
    return None if chosen["as_new"] else queries.with_name(team, chosen["name"]).first()


def _ask_whether_sure(
    request: HttpRequest, track: Track, target: Person, meetings: list[Meeting], name: str
) -> HttpResponse:
    context = {
        "track": track,
        "target": target,
        "meetings": meetings,
        "name": name,
        "next": request.POST.get("next", ""),
    }
    is_page = not wants_json(request) and request.headers.get("X-Requested-With") is None
    template = "people/give_conflict.html" if is_page else "people/_give_conflict.html"
    return render(request, template, context, status=409)
