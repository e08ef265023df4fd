"""The page of face models: prepare one beside the one in use, see what would change, switch or discard, roll back."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from analysis.faces.embedder_files import list_embedder_files
from webapp import access
from webapp.accounts.context_processors import managed_team
from webapp.accounts.request_types import SignedInRequest
from webapp.audit.action_choices import Action, SubjectKind
from webapp.audit.services import AuditSubject, record
from webapp.http.responses import done, refused
from webapp.jobs import job_state, words
from webapp.jobs.idempotency_responses import starts_work
from webapp.people.introduction import plan_queries, queries, services
from webapp.people.introduction.cleanup import ROLL_BACK_WITHIN
from webapp.people.introduction.models import Introduction, IntroductionState


@require_GET
def face_model(request: HttpRequest) -> HttpResponse:
    """Shows the model in use, what is prepared, and the models that the operator offers."""
    team = managed_team(request)
    offered, unusable = list_embedder_files(settings.EMBEDDERS_DIR)
    current = queries.current_embedder(team.pk)
    switched = queries.that_can_be_rolled_back(team.pk)
    introduction = queries.open_introduction(team.pk)
    context: dict[str, Any] = {
        "current": "" if current == queries.BUILT_IN else current.rpartition(" ")[0],
        "offered": [file for file in offered if file.name != current],
        "unusable": unusable,
        "folder": settings.EMBEDDERS_DIR,
        "built_in": queries.BUILT_IN if current != queries.BUILT_IN else "",
        "introduction": introduction,
        "switched": switched,
        "until": switched.switched_at + ROLL_BACK_WITHIN if switched and switched.switched_at else None,
    }
    if introduction is not None:
        context |= _of_open(introduction)
    return render(request, "people/face_model.html", context)


def _of_open(introduction: Introduction) -> dict[str, Any]:
    job = introduction.job
    state = job_state.state_of(job, timezone.now()) if job is not None else None
    failure = words.explain(state.error, state.kind) if state is not None and state.error else None
    shown = words.payload_with_words(state.payload()) if state is not None else None
    kinds = plan_queries.planned_kinds(introduction) if introduction.state == IntroductionState.READY else []
    return {"job": shown, "failure": failure, "detail": job.error_detail if job else "", "kinds": kinds}


@require_POST
@starts_work
def prepare(request: SignedInRequest) -> HttpResponseBase:
    """Prepares the model of that name."""
    team, name = managed_team(request), request.POST.get("embedder", "")
    known = [queries.BUILT_IN, *(file.name for file in list_embedder_files(settings.EMBEDDERS_DIR)[0])]
    if name not in known:
        return refused(request, _("This face model is no longer in the folder."), _here())
    try:
        services.introduce(team, embedder=name, user=request.user)
    except services.NotNow:
        return _not_now(request)
    return done(request, _("Preparing the new face model. Nothing changes until you switch."), _here())


@require_POST
@starts_work
def act(request: SignedInRequest, introduction_id: UUID, verb: str) -> HttpResponseBase:
    """Switches, discards, tries again or rolls back."""
    introduction = get_object_or_404(access.manageable_introductions(request.user), pk=introduction_id)
    verbs = {
        "switch": (services.switch, _("Switching. This takes a moment.")),
        "discard": (services.discard, _("Discarded. Nothing has changed.")),
        "retry": (services.prepare_again, _("Trying again.")),
        "roll-back": (services.roll_back, _("Rolling back. This takes a moment.")),
    }
    if verb not in verbs:
        raise Http404
    do, told = verbs[verb]
    if verb == "switch" and introduction.summary.get("lost"):
        return _not_now(request)
    try:
        if verb == "switch" and introduction.stamp != queries.stamp_of(introduction.team_id):
            services.prepare_again(introduction)
            return refused(request, _("People or videos changed since. The preview is being updated."), _here())
        with transaction.atomic():
            do(introduction)
            if verb in ("switch", "roll-back"):
                _record(request, introduction, is_switch=verb == "switch")
    except services.NotNow:
        return _not_now(request)
    return done(request, told, _here())


def _record(request: HttpRequest, introduction: Introduction, *, is_switch: bool) -> None:
    names = introduction.before, introduction.embedder
    before, after = names if is_switch else names[::-1]
    subject = AuditSubject(SubjectKind.MODEL, str(introduction.pk), after)
    changed = {"before": {"face_model": before}, "after": {"face_model": after}}
    record(request, Action.DEPLOYED, subject, team_id=introduction.team_id, **changed)


def _here() -> str:
    return reverse("people:face_model")


def _not_now(request: HttpRequest) -> HttpResponseBase:
    return refused(
        request, _("Someone else was faster, or it is still being prepared. Check how things stand."), _here()
    )
