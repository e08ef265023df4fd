"""The page of matching strictness: the limits of a team beside what its own people say about them."""

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from webapp.accounts.context_processors import managed_team
from webapp.accounts.models import Team
from webapp.accounts.request_types import SignedInRequest
from webapp.http.responses import refused
from webapp.people.acts import services
from webapp.people.acts.act_responses import act_done, edit_conflict
from webapp.people.acts.events import EditConflict
from webapp.people.acts.forms import ThresholdsForm
from webapp.people.identification import confidence_words, own_limits_queries, proposed_limits, threshold_queries
from webapp.people.introduction import queries as introduction_queries


@require_GET
def strictness(request: HttpRequest) -> HttpResponse:
    """Compares the team's people when it is asked for; a second or two with the most that are compared."""
    team = managed_team(request)
    embedder = _embedder_of(team)
    usual, now = introduction_queries.thresholds_for(embedder), threshold_queries.of_team(team.pk, embedder)
    found = own_limits_queries.of_team(team.pk, embedder)
    context = {
        "found": found,
        "proposal": proposed_limits.propose(found, now, usual.identification),
        "now": now,
        "usual": usual.identification,
        "accept_words": confidence_words.error_rates_in_words(now.accept_from, usual.error_rates),
        "review_words": confidence_words.error_rates_in_words(now.review_from, usual.error_rates),
        "least_people": proposed_limits.LEAST_PEOPLE,
    }
    return render(request, "people/strictness.html", context)


@require_POST
def set_strictness(request: SignedInRequest) -> HttpResponseBase:
    """Sets how similar new faces must be to match anybody, or to be asked about; empty: the default."""
    team, here = managed_team(request), reverse("people:strictness")
    embedder = _embedder_of(team)
    usual = introduction_queries.thresholds_for(embedder).identification
    form = ThresholdsForm(request.POST, usual=usual)
    if not form.is_valid():
        return refused(request, _("Enter two percentages. “Ask me” cannot be higher than “Match automatically”."), here)
    # The fields show the defaults: sent back unchanged, they stay defaults.
    wished = {
        key: value / 100 if value and round(value) != round(100 * getattr(usual, key)) else None
        for key, value in form.cleaned_data.items()
    }
    try:
        event = services.set_team_thresholds(team, embedder, **wished, user=request.user)
    except EditConflict:
        return edit_conflict(request, here)
    return act_done(request, event, here)


def _embedder_of(team: Team) -> str:
    """Returns the embedder in use whose similarities can be compared with limits."""
    return introduction_queries.known_or_built_in(introduction_queries.current_embedder(team.pk))
