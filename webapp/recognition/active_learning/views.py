"""The page *Uncertain moments*: one moment, its picture, and the answer by a click or key."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import aget_object_or_404, get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST, require_safe

from webapp import access
from webapp.accounts.request_limit_middleware import asked_often
from webapp.accounts.request_types import SignedInRequest
from webapp.datasets.models import Dataset, LabellingAct
from webapp.http.ranged_responses import stored_response
from webapp.http.responses import done, refused
from webapp.recognition.active_learning import queries, services
from webapp.recognition.active_learning.services import AnsweredAlready, TooLate
from webapp.recognition.models import Observation
from webapp.training.models import TrainingRun
from webapp.videos.media_info import is_playable

KEPT_S = 3600
SKIP = "skip"


@require_GET
def uncertain_page(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """Shows the next uncertain moment of a run."""
    run = get_object_or_404(access.editable_runs(request.user).select_related("team"), pk=run_id)
    dataset = _dataset(request, run)
    moment = queries.next_moment(run, dataset) if dataset else None
    context = {
        "run": run,
        "dataset": dataset,
        "moment": moment,
        "left": queries.counts([run]).get(run.line, 0) if dataset else 0,
        "plays": moment is not None and is_playable(moment.observation.recognition.video),
    }
    return render(request, "recognition/uncertain.html", context)


@require_POST
def answer(request: SignedInRequest, run_id: UUID) -> HttpResponseBase:
    """Answers the `moment`: `answer` is the id of a label, or "skip"."""
    run = get_object_or_404(access.editable_runs(request.user), pk=run_id)
    here = reverse("recognition:uncertain", args=[run.pk])
    observation = _moment(request, run)
    text = request.POST.get("answer", "")
    if text == SKIP:
        services.skip(observation)
        return done(request, _("Skipped. You will see it again at the end."), here)
    dataset = _dataset(request, run)
    if dataset is None:
        return refused(request, _("The dataset of this model was deleted, so answers cannot be saved."), here)
    label = dataset.labels.filter(pk=int(text)).first() if text.isdecimal() and len(text) < 19 else None
    if label is None:
        return refused(request, _("Choose a label, or skip."), here)
    try:
        answered = services.answer(observation, dataset, label, user=request.user)
    except AnsweredAlready:
        return refused(request, _("Someone else has just answered this one."), here)
    if answered.was_there:
        words = _("This was already in the dataset. Its label is now “%(label)s”.")
    else:
        words = _("Added to the dataset as “%(label)s”.")
    fields = {"moment": str(observation.pk), "act": str(answered.act.pk) if answered.act else ""}
    undo = reverse("recognition:undo_answer", args=[run.pk])
    return done(request, words % {"label": label.name}, here, undo, fields)


@require_POST
def undo_answer(request: SignedInRequest, run_id: UUID) -> HttpResponseBase:
    """Undoes the answer to the `moment`; `act` is the labelling that it made, if any."""
    run = get_object_or_404(access.editable_runs(request.user), pk=run_id)
    here = reverse("recognition:uncertain", args=[run.pk])
    observation, dataset = _moment(request, run), _dataset(request, run)
    if dataset is None:
        return refused(request, _("The dataset of this model was deleted."), here)
    try:
        wished = request.POST.get("act")
        act = LabellingAct.objects.get(pk=UUID(wished), dataset=dataset) if wished else None
    except (ValueError, LabellingAct.DoesNotExist) as error:
        raise Http404 from error
    try:
        services.undo_answer(observation, dataset, act, user=request.user)
    except TooLate:
        return refused(request, _("Your answer is still being added to the dataset. Try again in a moment."), here)
    return done(request, _("Undone."), here)


@asked_often
@require_safe
async def picture(request: HttpRequest, observation_id: int) -> HttpResponseBase:
    """Sends the picture of a moment in the queue: the view of the face, or the frame that was kept."""
    visible = access.visible_observations(request.user).select_related("face").defer("face__embedding")
    observation = await aget_object_or_404(visible, pk=observation_id)
    key = observation.face.picture_key if observation.face else observation.picture_key
    return await stored_response(request, key, "image/jpeg", max_age_s=KEPT_S)


def _dataset(request: HttpRequest, run: TrainingRun) -> Dataset | None:
    """Returns the dataset of the run's line; None where it is deleted."""
    return access.editable_datasets(request.user).filter(pk=run.line).first()


def _moment(request: HttpRequest, run: TrainingRun) -> Observation:
    """Returns the observation that `moment` names. Raises Http404."""
    asked = request.POST.get("moment", "")
    moments = access.editable_observations(request.user).select_related("recognition", "face").defer("face__embedding")
    number = int(asked) if asked.isdecimal() and len(asked) < 19 else 0
    return get_object_or_404(moments, pk=number, recognition__run=run)
