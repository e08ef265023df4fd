"""Training runs, models in use, and what they recognise."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from ninja import File, Query, Router, Status, UploadedFile

from analysis.errors import PictureTooLarge, UnreadablePicture
from webapp import access
from webapp.accounts.request_types import SignedInRequest
from webapp.api.cursor_queries import page_of_list, page_of_rows
from webapp.api.errors import ApiError
from webapp.api.learning_formats import prediction_out, run_out
from webapp.api.learning_types import PredictionOut, RunIn, RunOut, RunQuery
from webapp.api.openapi_formats import NEEDED_SCOPE
from webapp.api.resource_types import Paged, PageQuery
from webapp.http.body_limit_middleware import MAX_BODY_BYTES, takes_bodies_of
from webapp.http.list_words import sentences
from webapp.training.explanations import services as explanations
from webapp.training.models import TrainingRun
from webapp.training.registry.queries import deployed_runs
from webapp.training.runs import services
from webapp.training.runs.forms import TrainingForm

router = Router(tags=["Training and models"])
NEWEST_FIRST = ("-created_at", "pk")
ADMINS = {NEEDED_SCOPE: "admin"}


def _in_use(request: SignedInRequest) -> list[TrainingRun]:
    token = request.user.access_token
    assert token is not None  # `endpoint_views` lets nobody else in
    visible = set(access.visible_runs(request.user).values_list("pk", flat=True))
    return [run for run in deployed_runs(token.team_id) if run.pk in visible]


def _one(request: SignedInRequest, runs: QuerySet[TrainingRun], run_id: UUID) -> RunOut:
    run = get_object_or_404(runs.select_related("job"), pk=run_id)
    return run_out(run, {each.pk for each in _in_use(request)})


@router.get("/runs", response=Paged[RunOut], operation_id="list_runs", summary="List training runs")
def list_runs(request: SignedInRequest, query: Query[RunQuery]) -> Paged[RunOut]:
    """Lists the training runs of the team, newest first."""
    runs = access.visible_runs(request.user).select_related("job")
    if query.dataset:
        runs = runs.filter(line=query.dataset)
    rows, more = page_of_rows(runs, NEWEST_FIRST, query.cursor, query.limit)
    in_use = {each.pk for each in _in_use(request)}
    return Paged[RunOut](items=[run_out(each, in_use) for each in rows], next_cursor=more)


@router.post("/runs", response={202: RunOut}, operation_id="start_run", summary="Train a model", openapi_extra=ADMINS)
def start_run(request: SignedInRequest, body: RunIn) -> Status[RunOut]:
    """Trains a model on a version of a dataset. `settings` are those of the page, by their names in `run.json`."""
    versions = access.manageable_versions(request.user).filter(deleted_at=None).select_related("dataset__team")
    version = get_object_or_404(versions, pk=body.version_id)
    form = TrainingForm(version.dataset.kind, _typed(body))
    if not form.is_valid():
        wrong = [{"at": name, "message": " ".join(map(str, said))} for name, said in form.errors.items()]
        raise ApiError(HTTPStatus.UNPROCESSABLE_ENTITY, _("A value is missing or wrong."), errors=wrong)
    try:
        run = services.start_run(
            version, user=request.user, config=form.config, trials=body.trials, note=form.cleaned_data["note"]
        )
    except services.NotTrainable as error:
        raise ApiError(HTTPStatus.CONFLICT, sentences(*error.reasons)) from error
    except services.TooManyTrainings as error:
        words = _("So many trainings are waiting or running that no more may start. Try again when one is done.")
        raise ApiError(HTTPStatus.TOO_MANY_REQUESTS, words) from error
    return Status(202, _one(request, access.manageable_runs(request.user), run.pk))


def _typed(body: RunIn) -> dict[str, Any]:
    """Returns what would be typed into the form."""
    settings = {
        name: ("yes" if value else "no") if isinstance(value, bool) else value for name, value in body.settings.items()
    }
    return settings | {"recipe": body.recipe, "trials": body.trials, "note": body.note}


@router.get("/runs/{uuid:run_id}", response=RunOut, operation_id="get_run", summary="Read a training run")
def get_run(request: SignedInRequest, run_id: UUID) -> RunOut:
    """Reads how far a run is, and how good its model is once it is done."""
    return _one(request, access.visible_runs(request.user), run_id)


@router.post(
    "/runs/{uuid:run_id}/cancel",
    response=RunOut,
    operation_id="cancel_run",
    summary="Cancel a training run",
    openapi_extra=ADMINS,
)
def cancel_run(request: SignedInRequest, run_id: UUID) -> RunOut:
    """Ends a run that waits, runs or is paused."""
    runs = access.manageable_runs(request.user)
    if not services.cancel_run(get_object_or_404(runs.select_related("job"), pk=run_id)):
        raise ApiError(HTTPStatus.CONFLICT, _("This training has already ended."))
    return _one(request, runs, run_id)


@router.get("/models", response=Paged[RunOut], operation_id="list_models", summary="List the models in use")
def list_models(request: SignedInRequest, query: Query[PageQuery]) -> Paged[RunOut]:
    """Lists the runs whose models label every new video, at most one of each dataset."""
    runs = _in_use(request)
    rows, more = page_of_list(runs, lambda run: (run.dataset_name, str(run.pk)), query.cursor, query.limit)
    return Paged[RunOut](items=[run_out(each, {run.pk for run in runs}) for each in rows], next_cursor=more)


@router.post(
    "/models/{uuid:run_id}/predictions",
    response={202: PredictionOut},
    operation_id="predict",
    summary="Recognise a picture or clip",
)
@takes_bodies_of(MAX_BODY_BYTES)
def predict(request: SignedInRequest, run_id: UUID, file: File[UploadedFile]) -> Status[PredictionOut]:
    """Has the model of a run that is done recognise a picture or short clip. Ask for what is made until it is done."""
    runs = access.editable_runs(request.user).select_related("team", "job").exclude(result={})
    run = get_object_or_404(runs, pk=run_id)
    try:
        made = explanations.explain_file(run, file.name or "", file.read(), user=request.user)
    except PictureTooLarge as error:
        words = _("This file is too large. Try a smaller picture or a shorter clip.")
        raise ApiError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, words) from error
    except UnreadablePicture as error:
        words = _("This is neither a picture nor a clip that can be read. Try a JPEG, a PNG or an MP4.")
        raise ApiError(HTTPStatus.UNPROCESSABLE_ENTITY, words) from error
    except explanations.TooManyWaiting as error:
        raise ApiError(
            HTTPStatus.TOO_MANY_REQUESTS, _("Too many pictures are waiting. Try again in a minute.")
        ) from error
    return Status(202, prediction_out(made))


@router.get(
    "/models/{uuid:run_id}/predictions/{uuid:explanation_id}",
    response=PredictionOut,
    operation_id="get_prediction",
    summary="Read what was recognised",
)
def get_prediction(request: SignedInRequest, run_id: UUID, explanation_id: UUID) -> PredictionOut:
    """Reads what a model recognises in a file; only whoever sent the file may. Files are kept for a short while."""
    mine = access.visible_explanations(request.user).exclude(file_key="").select_related("job")
    return prediction_out(get_object_or_404(mine, pk=explanation_id, run=run_id))
