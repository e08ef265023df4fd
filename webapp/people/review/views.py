"""The page of the review queue, and what its buttons do."""

from collections.abc import Sequence
from itertools import combinations
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from webapp.accounts.context_processors import team_to_edit
from webapp.accounts.models import Team
from webapp.accounts.request_types import SignedInRequest
from webapp.http.ids import uuid_or_none
from webapp.http.responses import done, refused
from webapp.people.acts import conflict_queries, history_words, naming_queries, services
from webapp.people.acts.act_responses import act_done, edit_conflict
from webapp.people.acts.conflict_queries import Against
from webapp.people.acts.events import EditConflict
from webapp.people.identification.confidence_words import percent
from webapp.people.models import Event, Person
from webapp.people.review import queries
from webapp.people.review import services as review_services

ANSWERS = ("yes", "no", "hide")


@require_GET
def review_page(request: HttpRequest) -> HttpResponse:
    """Asks the next question; `one` asks about two people even where a whole group could be confirmed at once."""
    question, left = queries.next_question(team_to_edit(request))
    context: dict[str, Any] = {"question": question, "left": left}
    if question:
        context["percent"] = percent(question.similarity)
        context["is_group"] = bool(question.also) and "one" not in request.GET
        context["names"] = naming_queries.names_in_merge(question.keeps, [question.other])
        context["all_ticked"] = all(member.is_sure for member in question.also)
    return render(request, "people/review.html", context)


@require_POST
def answer(request: SignedInRequest) -> HttpResponseBase:
    """Takes an answer: yes, no, hide or skip, about `other` (several for a whole group) and `keeps`.

    A yes against which something speaks is asked a second time, unless that was done (`sure`).
    """
    team = team_to_edit(request)
    here = reverse("people:review")
    reply = request.POST.get("answer", "")
    if reply == "skip":
        return _skip(request, team, here)
    keeps = _person(team, request.POST.get("keeps", ""))
    others = [_person(team, key) for key in request.POST.getlist("other")]
    shown = [_person(team, key) for key in request.POST.getlist("shown")]
    if not others and shown:
        return refused(request, _("No one is ticked. Tick at least one person, or answer one by one."), here)
    if not others or keeps in others or reply not in ANSWERS:
        return refused(request, _("Choose one of the answers."), here)
    if reply == "yes" and not request.POST.get("sure"):
        conflicts = _conflicts(keeps, others)
        if conflicts:
            context = {"keeps": keeps, "others": others, "shown": shown, "conflicts": conflicts, "name": _name(request)}
            return render(request, "people/review_conflict.html", context, status=409)
    try:
        event = _act(request, team, reply, keeps, others)
    except EditConflict:
        return edit_conflict(request, here, *others, keeps)
    if reply == "yes":
        review_services.skip_people(team, keeps, [person for person in shown if person not in others])
    return act_done(request, event, here, history_words.sentence(event) + "." if event else "")


def _act(request: SignedInRequest, team: Team, reply: str, keeps: Person, others: Sequence[Person]) -> Event | None:
    """Returns None where nothing changed: somebody was hidden already."""
    if reply == "yes":
        return services.merge_people(*others, target=keeps, user=request.user, name=_name(request))
    if reply == "no":
        return services.tell_apart(others[0], keeps, user=request.user)
    events = services.show_and_hide(team=team, show=[], hide=[others[0].pk], user=request.user)
    return next(iter(events), None)


def _skip(request: HttpRequest, team: Team, here: str) -> HttpResponseBase:
    """Moves a pair to the end, or all of a group (`shown`)."""
    shown = [_person(team, key) for key in request.POST.getlist("shown")]
    if shown:
        review_services.skip_people(team, _person(team, request.POST.get("keeps", "")), shown)
    else:
        number = request.POST.get("suggestion", "")
        review_services.skip(team, int(number) if number.isdecimal() and len(number) < 19 else 0)
    return done(request, _("Skipped. We will ask again at the end."), here)


def _conflicts(keeps: Person, others: Sequence[Person]) -> list[tuple[Person, Person, Against]]:
    """Returns the pairs that would become one person although something speaks against it."""
    pairs = [(other, keeps) for other in others]
    together = conflict_queries.seen_together([other.pk for other in others]) if len(others) > 1 else set()
    pairs += [(one, other) for one, other in combinations(others, 2) if frozenset((one.pk, other.pk)) in together]
    against = [(one, other, conflict_queries.against_merging(one, other)) for one, other in pairs]
    return [each for each in against if each[2]]


def _name(request: HttpRequest) -> str:
    """Returns which of two names somebody chose, "" where they were not asked."""
    return request.POST.get("name", "").replace("\0", "")


def _person(team: Team, key: str) -> Person:
    return get_object_or_404(Person.objects.filter(team=team), pk=uuid_or_none(key))
