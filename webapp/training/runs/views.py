"""Pages of training runs: the list, the page that starts one, the page of a run, and its buttons."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from analysis.training.config import from_json
from webapp import access, deleted
from webapp.accounts.context_processors import managed_team, team_of
from webapp.accounts.request_types import SignedInRequest
from webapp.datasets.models import Version
from webapp.http.ids import uuid_or_none
from webapp.http.list_words import sentences
from webapp.http.responses import done, refused
from webapp.jobs.idempotency_responses import starts_work
from webapp.training.evaluation import views as evaluation_views
from webapp.training.models import RunState, TrainingRun
from webapp.training.runs import queries, readiness_words, run_context, services, start_context
from webapp.training.runs.forms import TrainingForm, initial_of
from webapp.undo_period import UNDO_PERIOD


@require_GET
def run_list(request: HttpRequest) -> HttpResponse:
    """Lists the runs of the team, or with ?dataset= those of one dataset."""
    team = team_of(request)
    runs = access.visible_runs(request.user).filter(team=team)
    line = uuid_or_none(request.GET.get("dataset", ""))
    dataset = None
    if line is not None:
        runs = runs.filter(line=line)
        dataset = access.visible_datasets(request.user).filter(pk=line, team=team).first()
    can_manage = team is not None and access.manageable_teams(request.user).filter(pk=team.pk).exists()
    context = {
        "page": queries.page_of_runs(runs, request.GET.get("page")),
        "can_manage": can_manage,
        "of_dataset": dataset,
        "is_filtered": line is not None,
        "deleted": deleted.how_many(request.user, team),
    }
    return render(request, "training/list.html", context)


@require_GET
def choose(request: HttpRequest) -> HttpResponse:
    """Asks which dataset to train on."""
    team = managed_team(request)
    datasets = access.manageable_datasets(request.user).filter(team=team)
    page = queries.page_of_datasets(datasets, request.GET.get("page"))
    return render(request, "training/choose.html", {"page": page})


@require_GET
def of_dataset(request: HttpRequest, dataset_id: UUID) -> HttpResponse:
    """Leads from a dataset to training on its latest version; those who may not train are led to its runs."""
    dataset = get_object_or_404(access.visible_datasets(request.user), pk=dataset_id)
    if not access.manageable_datasets(request.user).filter(pk=dataset.pk).exists():
        return HttpResponseRedirect(f"{reverse('training:list')}?dataset={dataset.pk}")
    version = queries.versions_to_choose(dataset).first()
    if version is not None:
        return HttpResponseRedirect(reverse("training:new", args=[version.pk]))
    return render(request, "training/no_version.html", start_context.frame(request, dataset))


@require_http_methods(["GET", "POST"])
@starts_work
def new(request: SignedInRequest, version_id: UUID) -> HttpResponseBase:
    """Shows the form that starts a training, and starts it; ?from=<run> fills in the settings of that run."""
    versions = access.manageable_versions(request.user).filter(deleted_at=None)
    version = get_object_or_404(versions.select_related("dataset__team"), pk=version_id)
    if request.method == "POST":
        form = TrainingForm(version.dataset.kind, request.POST)
        if form.is_valid():
            return _start(request, version, form)
    else:
        form = TrainingForm(version.dataset.kind, initial=_initial(request, version))
    context = start_context.context(request, version, form, access.visible_runs(request.user))
    return render(request, "training/new.html", context, status=400 if form.is_bound else 200)


def _start(request: SignedInRequest, version: Version, form: TrainingForm) -> HttpResponseBase:
    try:
        run = services.start_run(
            version,
            user=request.user,
            config=form.config,
            trials=form.cleaned_data["trials"] or 0,
            note=form.cleaned_data["note"],
        )
    except services.NotTrainable as error:
        return refused(request, sentences(*error.reasons), reverse("training:new", args=[version.pk]))
    except services.TooManyTrainings as error:
        return _too_many(request, error, reverse("training:new", args=[version.pk]))
    return done(request, _("Training started."), reverse("training:run", args=[run.pk]))


def _too_many(request: SignedInRequest, error: services.TooManyTrainings, here: str) -> HttpResponseBase:
    if error.is_team:
        words = _("%(n)d trainings of your team are waiting or running, which is the limit.")
    else:
        words = _("%(n)d of your trainings are waiting or running, which is the limit.")
    way_on = _("Wait until one is done, or pause or cancel one.")
    return refused(request, sentences(words % {"n": error.most}, way_on), here, status=429)


def _initial(request: HttpRequest, version: Version) -> dict[str, Any]:
    wished = uuid_or_none(request.GET.get("from", ""))
    run = access.visible_runs(request.user).filter(pk=wished).first() if wished else None
    config = from_json(run.config) if run else None
    if run is None or config is None or config.recipe not in readiness_words.RECIPES[version.dataset.kind]:
        return {"recipe": readiness_words.RECIPES[version.dataset.kind][0].value}
    return initial_of(config, run.trials)


@require_GET
def run(request: HttpRequest, run_id: UUID) -> HttpResponseBase:
    """Shows how a run progresses, or its result once it is done."""
    found = access.visible_runs(request.user).select_related("job", "dataset", "version", "created_by")
    run = get_object_or_404(found, pk=run_id)
    if run.state == RunState.DONE:
        return evaluation_views.result(request, run)
    can_manage = access.manageable_teams(request.user).filter(pk=run.team_id).exists()
    return render(request, "training/run.html", run_context.context(run, can_manage))


@require_POST
def pause(request: HttpRequest, run_id: UUID) -> HttpResponseBase:
    run = _managed(request, run_id)
    if not services.pause_run(run):
        return refused(request, _("This run had already ended."), _page_of(run))
    return done(request, _("Paused. Resumes after the last completed epoch."), _page_of(run))


@require_POST
@starts_work
def resume(request: SignedInRequest, run_id: UUID) -> HttpResponseBase:
    run = _managed(request, run_id)
    try:
        if not services.resume_run(run, user=request.user):
            return refused(request, _("This run is already running or has ended."), _page_of(run))
    except services.TooManyTrainings as error:
        return _too_many(request, error, _page_of(run))
    return done(request, _("Resumed."), _page_of(run))


@require_POST
def cancel(request: HttpRequest, run_id: UUID) -> HttpResponseBase:
    run = _managed(request, run_id)
    if not services.cancel_run(run):
        return refused(request, _("This run had already ended."), _page_of(run))
    return done(request, _("Training cancelled. Nothing was kept."), _page_of(run))


@require_POST
def keep(request: HttpRequest, run_id: UUID) -> HttpResponseBase:
    run = _managed(request, run_id)
    if not services.keep_best(run):
        return refused(request, _("There is no model to keep yet."), _page_of(run))
    return done(request, _("Keeping the best so far. Testing it next."), _page_of(run))


@require_POST
def delete(request: SignedInRequest, run_id: UUID) -> HttpResponseBase:
    run = _managed(request, run_id)
    try:
        services.delete_run(run, user=request.user)
    except services.StillDeployed:
        words = _("This model is in use. Use another one or stop using this one, then delete the run.")
        return refused(request, words, _page_of(run))
    words = _("Deleted run %(number)d of “%(name)s”. You can restore it for %(minutes)d minutes.")
    values = {"number": run.number, "name": run.dataset_name, "minutes": UNDO_PERIOD.total_seconds() // 60}
    return done(request, words % values, reverse("training:list"), reverse("training:restore", args=[run.pk]))


@require_POST
def restore(request: SignedInRequest, run_id: UUID) -> HttpResponseBase:
    run = get_object_or_404(access.restorable_runs(request.user), pk=run_id)
    services.restore_run(run, user=request.user)
    return done(request, _("Restored run %(number)d.") % {"number": run.number}, _page_of(run))


def _managed(request: HttpRequest, run_id: UUID) -> TrainingRun:
    runs: QuerySet[TrainingRun] = access.manageable_runs(request.user).select_related("team", "job")
    return get_object_or_404(runs, pk=run_id)


def _page_of(run: TrainingRun) -> str:
    return reverse("training:run", args=[run.pk])
