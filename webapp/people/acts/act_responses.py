"""Responses to what is done with people: a toast with Undo, or why nothing was done."""

from uuid import UUID

from django.db import transaction
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from webapp import access
from webapp.accounts.request_types import SignedInRequest
from webapp.http.list_words import sentences
from webapp.http.responses import done, refused
from webapp.http.toasts import Link
from webapp.people.acts import events, history_words
from webapp.people.models import Event, Person


def act_done(
    request: HttpRequest,
    event: Event | None,
    target: str,
    words: str = "",
    after_undo: str = "",
    link: Link | None = None,
) -> HttpResponseBase:
    """Says what was done and offers Undo, which leads to `after_undo` or the same page. None: it was so already."""
    if event is None:
        return done(request, words or _("Nothing changed."), target)
    back = {"next": after_undo or request.POST.get("next") or target}
    undo_url = reverse("people:undo", args=[event.pk])
    return done(request, words or history_words.sentence(event) + ".", target, undo_url, back, link)


def edit_conflict(request: HttpRequest, target: str, *people: Person) -> HttpResponseBase:
    """Says that somebody else changed one of these people first, and what they did."""
    return refused(request, history_words.edit_conflict(*people), target)


@require_POST
def undo(request: SignedInRequest, event_id: UUID) -> HttpResponseBase:
    """Undoes one event."""
    return _undone(request, [event_id])


@require_POST
def undo_both(request: SignedInRequest, event_id: UUID, other_id: UUID) -> HttpResponseBase:
    """Undoes hiding and showing in one go: both, or none."""
    return _undone(request, [event_id, other_id])


def _undone(request: SignedInRequest, event_ids: list[UUID]) -> HttpResponseBase:
    mine = Event.objects.filter(team__in=access.editable_teams(request.user))
    chosen = [get_object_or_404(mine, pk=event_id) for event_id in event_ids]
    here = reverse("people:list")
    try:
        with transaction.atomic():
            for event in chosen:
                events.undo(event, user=request.user)
    except events.AlreadyUndone:
        return refused(request, _("This has already been undone."), here)
    except events.UndoConflict as since:
        return refused(request, history_words.why_not_undone(since.later), here)
    words = sentences(*(history_words.undone(event) for event in chosen))
    return done(request, _("Undone. %(what)s") % {"what": words}, here)
