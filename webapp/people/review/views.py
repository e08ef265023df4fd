"""The page of the review queue, and what its buttons do."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from webapp import access
from webapp.accounts.context_processors import team_of
from webapp.accounts.models import Team
from webapp.accounts.request_types import SignedInRequest
from webapp.http.responses import done, refused
from webapp.people.acts import conflict_queries, history_words, services
from webapp.people.acts.act_responses import act_done, edit_conflict
from webapp.people.acts.events import EditConflict
from webapp.people.identification.confidence_words import percent
from webapp.people.models import Person
from webapp.people.review import queries


@require_GET
def review_page(request: HttpRequest) -> HttpResponse:
    """Asks the next question."""
    question, left = queries.next_question(_team(request))
    context: dict[str, Any] = {"question": question, "left": left}
    if question:
        context["percent"] = percent(question.similarity)
        context["against"] = conflict_queries.against_merging(question.other, question.keeps)
    return render(request, "people/review.html", context)


@require_POST
def answer(request: SignedInRequest) -> HttpResponseBase:
    """Takes an answer: yes, no or skip, about `other` (several for a whole group) and `keeps`."""
    team = _team(request)
    here = reverse("people:review")
    reply = request.POST.get("answer", "")
    if reply == "skip":
        number = request.POST.get("suggestion", "")
        queries.skip(team, int(number) if number.isdecimal() and len(number) < 19 else 0)
        return done(request, _("Skipped. We will ask again at the end."), here)
    keeps = _person(team, request.POST.get("keeps", ""))
    others = [_person(team, key) for key in request.POST.getlist("other")]
    if not others and request.POST.getlist("shown"):
        return refused(request, _("No one is ticked. Tick at least one person, or answer for just the two."), here)
    if not others or keeps in others or reply not in ("yes", "no"):
        return refused(request, _("Choose Yes, No or Skip."), here)
    try:
        if reply == "yes":
            event = services.merge_people(*others, target=keeps, user=request.user)
            unticked = [_person(team, key) for key in request.POST.getlist("shown")]
            queries.skip_unticked(team, keeps, [person for person in unticked if person not in others])
        else:
            event = services.tell_apart(others[0], keeps, user=request.user)
    except EditConflict:
        return edit_conflict(request, here, *others, keeps)
    return act_done(request, event, here, history_words.sentence(event) + ".")


def _team(request: HttpRequest) -> Team:
    team = team_of(request)
    return get_object_or_404(access.editable_teams(request.user), pk=team.pk if team else None)


def _person(team: Team, key: str) -> Person:
    try:
        wanted = UUID(key)
    except ValueError:
        wanted = None
    return get_object_or_404(Person.objects.filter(team=team), pk=wanted)
