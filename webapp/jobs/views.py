"""Cancels jobs, and gives their state as JSON to pages whose websocket does not connect."""

from uuid import UUID

from django import forms
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from webapp import access
from webapp.accounts.models import TokenScope
from webapp.accounts.request_types import SignedInRequest
from webapp.accounts.tokens.bearer_middleware import takes_tokens
from webapp.jobs import job_state, lifecycle, words


class WatchedForm(forms.Form):
    """A team, or else the subject of jobs; an invalid id counts as none."""

    team = forms.UUIDField(required=False)
    subject = forms.UUIDField(required=False)


@require_POST
def cancel(request: HttpRequest, job_id: UUID) -> HttpResponse:
    job = get_object_or_404(access.editable_jobs(request.user), pk=job_id, parent=None)
    lifecycle.cancel(job.pk)
    return HttpResponse(status=303, headers={"Location": _where_from(request)})


@takes_tokens(TokenScope.READ)
@never_cache
@require_GET
def state(request: SignedInRequest) -> JsonResponse:
    """Returns the states of the websocket's snapshot, for ?team=<uuid> or ?subject=<uuid>."""
    form = WatchedForm(request.GET)
    form.is_valid()
    if team := form.cleaned_data.get("team"):
        get_object_or_404(access.visible_teams(request.user), pk=team)
        states = job_state.snapshot(team_id=team)
    elif subject := form.cleaned_data.get("subject"):
        if not access.can_see_subject(request.user, subject):
            raise Http404
        states = job_state.snapshot(subject_id=subject)
    else:
        raise Http404
    shown = [words.payload_with_words(state.payload()) for state in states]
    return JsonResponse({"jobs": shown, "is_cut": job_state.is_cut(states)})


def _where_from(request: HttpRequest) -> str:
    asked = request.POST.get("next") or request.headers.get("Referer", "")
    if url_has_allowed_host_and_scheme(asked, {request.get_host()}, require_https=request.is_secure()):
        return asked
    return reverse("videos:library")
