"""The one search: its page, and what its box shows while somebody types."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from webapp.accounts.context_processors import team_of
from webapp.library.search.queries import FEW, MANY, search
from webapp.people.acts.forms import typed


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """Shows what was found as a page of its own, which works without JavaScript."""
    text = typed(request)
    found = search(request.user, team_of(request), text, MANY)
    return render(request, "library/search.html", {"q": text, "found": found, "many": MANY})


@require_GET
def options(request: HttpRequest) -> HttpResponse:
    """Renders the first of each kind for the box."""
    text = typed(request)
    found = search(request.user, team_of(request), text, FEW)
    return render(request, "library/_search_options.html", {"q": text, "found": found})
