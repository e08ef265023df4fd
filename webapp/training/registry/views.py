"""Pages and buttons of the model registry: deploy, withdraw, roll back, history."""

from uuid import UUID

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from webapp import access
from webapp.accounts.request_types import SignedInRequest
from webapp.http.responses import done, refused
from webapp.training import caveat_words
from webapp.training.models import TrainingRun
from webapp.training.page_context import head_context
from webapp.training.registry import queries, services
from webapp.training.registry.services import Deployment


@require_http_methods(["GET", "POST"])
def promote(request: SignedInRequest, run_id: UUID) -> HttpResponseBase:
    """Asks (GET) with all caveats, or deploys (POST); with grave caveats only with `sure`."""
    run = _managed(request, run_id)
    here = reverse("training:run", args=[run.pk])
    if not queries.has_model(run):
        return refused(request, _("This run has no model yet. Only finished runs can be used."), here)
    if request.method == "GET":
        return _question(request, run, 200)
    try:
        change = services.promote(run, request.user, is_confirmed=bool(request.POST.get("sure")))
    except services.NeedsConfirmation:
        return _question(request, run, 409)
    words = _("Run %(number)d will label new videos.") % {"number": run.number}
    return _told(request, change, words, here)


@require_POST
def withdraw(request: SignedInRequest, run_id: UUID) -> HttpResponseBase:
    """Leaves the run's line without a deployed model."""
    run = _managed(request, run_id)
    here = reverse("training:run", args=[run.pk])
    change = services.withdraw(run.line, run.team, request.user)
    words = _("New videos are no longer labelled for “%(name)s”. Existing labels stay.")
    return _told(request, change, words % {"name": run.dataset_name}, here)


@require_POST
def roll_back(request: SignedInRequest, run_id: UUID) -> HttpResponseBase:
    """Deploys the previous model of the run's line again."""
    run = _managed(request, run_id)
    here = reverse("training:run", args=[run.pk])
    try:
        change = services.roll_back(run.line, run.team, request.user)
    except services.NothingBefore:
        return refused(request, _("There is no earlier model to go back to."), here)
    now = change.promotion.run.number if change.promotion and change.promotion.run else 0
    return _told(request, change, _("Run %(number)d will label new videos again.") % {"number": now}, here)


def _managed(request: HttpRequest, run_id: UUID) -> TrainingRun:
    runs = access.manageable_runs(request.user).select_related("team", "dataset", "job")
    return get_object_or_404(runs, pk=run_id)


def _question(request: HttpRequest, run: TrainingRun, status: int) -> HttpResponseBase:
    context = head_context(request, run) | {
        "caveats": caveat_words.caveats_of(run),
        "is_grave": bool(caveat_words.grave_caveats(run)),
    }
    return render(request, "training/promote.html", context, status=status)


def _told(request: HttpRequest, change: Deployment, words: str, here: str) -> HttpResponseBase:
    """Responds to a change; its undo deploys the run from before without asking again."""
    if change.promotion is None:
        return done(request, _("Nothing changed: this was already set."), here)
    back = {"next": here}
    if change.before is not None:
        undo = reverse("training:promote", args=[change.before.pk])
        return done(request, words, here, undo, back | {"sure": "1"})
    now = change.promotion.run
    assert now is not None, "from none to none is no change"
    return done(request, words, here, reverse("training:withdraw", args=[now.pk]), back)


@require_GET
def history(request: HttpRequest, run_id: UUID) -> HttpResponseBase:
    """Lists who deployed which model of this line, and when."""
    run = get_object_or_404(access.visible_runs(request.user).select_related("dataset", "job"), pk=run_id)
    promotions = list(queries.history(run.line))
    return render(request, "training/history.html", head_context(request, run) | {"promotions": promotions})
