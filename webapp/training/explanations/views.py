"""Pages that explain predictions by heat maps, and the page that tries a model on a file."""

import math
from typing import Any
from uuid import UUID

from asgiref.sync import sync_to_async
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import aget_object_or_404, get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe

from analysis.errors import PictureTooLarge, UnreadablePicture
from webapp import access
from webapp.accounts.request_limit_middleware import asked_often
from webapp.accounts.request_types import SignedInRequest
from webapp.datasets.choices import DatasetKind
from webapp.datasets.models import Sample
from webapp.http.body_limit_middleware import MAX_BODY_BYTES, takes_bodies_of
from webapp.http.ids import uuid_or_none
from webapp.http.ranged_responses import stored_response
from webapp.http.responses import SeeOther, refused, wants_json
from webapp.jobs import words as jobs_words
from webapp.jobs.idempotency_responses import starts_work
from webapp.jobs.models import Status
from webapp.training.explanations import services
from webapp.training.models import Explanation, TrainingRun
from webapp.training.page_context import finished_run, head_context
from webapp.videos.models import Video

TYPES = {"picture.jpg": "image/jpeg", "heat.png": "image/png", "frames.jpg": "image/jpeg"}
KEPT_S = 3600
"""An explanation never changes."""


@require_POST
@starts_work
def ask(request: HttpRequest, run_id: UUID) -> HttpResponseBase:
    """Asks for an explanation of `sample` (a number), of `video` and `t`, of the same as `again` (an explanation), or
    with `average` of a `label`; `label` also chooses what speaks for which label is shown.

    Open to every member, since it changes nothing that others see.
    """
    run = finished_run(request, run_id)
    label = request.POST.get("label", "")
    if label and label not in run.result["labels"]:
        raise Http404
    try:
        asked = _asked(request, run, label)
    except services.TooManyWaiting:
        words = _("Too many pictures are waiting. Try again in a minute.")
        return refused(request, words, reverse("training:run", args=[run.pk]), status=429)
    page = reverse("training:explanation", args=[run.pk, asked.pk])
    if wants_json(request):
        pictures = reverse("training:explanation_pictures", args=[run.pk, asked.pk])
        return JsonResponse({"explanation": pictures, "page": page, "job": str(asked.job_id or "")})
    return SeeOther(page)


@require_GET
def offer(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """Offers to explain ?sample=12 or ?video=<id>&t=3.5 (player time), so that links can lead here."""
    run = finished_run(request, run_id)
    context = head_context(request, run) | {"tab": "try", "asked": {}}
    if request.GET.get("sample"):
        sample = _sample(request, run, request.GET["sample"])
        context |= {"asked": {"sample": sample.number}, "sample": sample}
    else:
        video, _time_s = _moment(request, run, request.GET)
        context |= {"asked": {"video": video.pk, "t": request.GET.get("t", "0")}, "video": video}
    return render(request, "training/explain.html", context)


@require_GET
def explanation(
    request: HttpRequest, run_id: UUID, explanation_id: UUID, template: str = "training/explanation.html"
) -> HttpResponse:
    """Shows an explanation, or that it waits or has failed; with another template, what the page fetches meanwhile."""
    run = finished_run(request, run_id)
    found = _visible_explanation(request, run, explanation_id)
    context = head_context(request, run) | explanation_context(run, found) | {"tab": "try"}
    return render(request, template, context)


@require_GET
def explanation_pictures(request: HttpRequest, run_id: UUID, explanation_id: UUID) -> HttpResponse:
    """Renders the pictures alone, for a page that waits for them."""
    run = finished_run(request, run_id)
    found = _visible_explanation(request, run, explanation_id)
    return render(request, "training/_explanation_pictures.html", {"run": run} | explanation_context(run, found))


@asked_often
@require_safe
async def explanation_file(request: HttpRequest, run_id: UUID, explanation_id: UUID, name: str) -> HttpResponseBase:
    """Sends one of the pictures of an explanation."""
    if name not in TYPES:
        raise Http404
    visible = access.visible_explanations(request.user).select_related("run")
    found = await aget_object_or_404(visible, pk=explanation_id, run=run_id)
    key = await sync_to_async(services.files_prefix)(found)
    return await stored_response(request, f"{key}/{name}", TYPES[name], max_age_s=KEPT_S)


@takes_bodies_of(MAX_BODY_BYTES)
@require_http_methods(["GET", "HEAD", "POST"])
@starts_work
def try_it(request: SignedInRequest, run_id: UUID) -> HttpResponseBase:
    """Tries the model on a picture or short clip, dropped on the page or chosen in its form."""
    run = finished_run(request, run_id)
    get_object_or_404(access.editable_runs(request.user), pk=run.pk)
    if request.method != "POST":
        return _try_page(request, run, 200, "")
    sent = request.FILES.get("file")
    if not isinstance(sent, UploadedFile):
        return _try_page(request, run, 400, _("Choose a file first."))
    try:
        made = services.explain_file(run, sent.name or "", sent.read(), user=request.user)
    except PictureTooLarge:
        return _try_page(request, run, 400, _("This file is too large. Try a smaller picture or a shorter clip."))
    except UnreadablePicture:
        words = _("This is neither a picture nor a clip that can be read. Try a JPEG, a PNG or an MP4.")
        return _try_page(request, run, 400, words)
    except services.TooManyWaiting:
        return _try_page(request, run, 429, _("Too many pictures are waiting. Try again in a minute."))
    return SeeOther(reverse("training:explanation", args=[run.pk, made.pk]))


def explanation_context(run: TrainingRun, found: Explanation) -> dict[str, Any]:
    """Returns what the page of an explanation shows: waiting, failed, or its result."""
    status = found.job.status if found.job is not None else Status.DONE
    has_failed = not found.heat_key and status in (Status.FAILED, Status.CANCELLED, Status.DONE)
    result = found.result
    scores = sorted(result.get("scores", {}).items(), key=lambda pair: -pair[1])
    over_time = result.get("over_time", [])
    return {
        "explanation": found,
        "is_ready": bool(found.heat_key),
        "trouble": jobs_words.explain(found.job.error_code if found.job else "") if has_failed else None,
        "scores": [(label, share, 100 * share) for label, share in scores],
        "over_time": [(n, 100 - 100 * share, 100 * share) for n, share in enumerate(over_time)],
        "is_average": services.is_average(found),
    }


def _try_page(request: HttpRequest, run: TrainingRun, status: int, problem: str) -> HttpResponse:
    takes_clips = "clip" in run.result.get("model", {}).get("inputs", [])
    context = head_context(request, run) | {"tab": "try", "problem": problem, "takes_clips": takes_clips}
    context |= {"takes_faces": run.kind == DatasetKind.FACES}
    mine = access.visible_explanations(request.user).filter(run=run).exclude(file_key="").select_related("job")
    context["tried"] = mine.filter(heat_key__gt="", label="").order_by("-created_at")[:12]
    return render(request, "training/try.html", context, status=status)


def _visible_explanation(request: HttpRequest, run: TrainingRun, explanation_id: UUID) -> Explanation:
    visible = access.visible_explanations(request.user).select_related("run", "job", "sample__label", "video")
    return get_object_or_404(visible, pk=explanation_id, run=run)


def _asked(request: HttpRequest, run: TrainingRun, label: str) -> Explanation:
    user: Any = request.user
    if request.POST.get("again"):
        visible = access.visible_explanations(request.user).select_related("run__team", "sample", "video")
        found = get_object_or_404(visible, pk=uuid_or_none(request.POST["again"]), run=run)
        return services.explain_again(found, label, user=user)
    if request.POST.get("average"):
        if not label:
            raise Http404
        return services.explain_label(run, label, user=user)
    if request.POST.get("sample"):
        return services.explain_sample(run, _sample(request, run, request.POST["sample"]), label=label, user=user)
    video, time_s = _moment(request, run, request.POST)
    return services.explain_frame(run, video, time_s, label=label, user=user)


def _sample(request: HttpRequest, run: TrainingRun, number: str) -> Sample:
    """Returns a sample of the run's dataset. Raises Http404."""
    if not (number.isascii() and number.isdigit() and len(number) < 10):
        raise Http404
    return get_object_or_404(access.visible_samples(request.user), dataset=run.dataset_id, number=int(number))


def _moment(request: HttpRequest, run: TrainingRun, query: Any) -> tuple[Video, float]:
    """Returns the video and the container time of ?video= and ?t= (player time). Raises Http404.

    Only videos of the run's team: whoever is in two teams must not show one's frames to the other.
    """
    ours = access.visible_videos(request.user).filter(team=run.team_id)
    video = get_object_or_404(ours, pk=uuid_or_none(query.get("video", "")))
    try:
        shown_s = float(query.get("t", "0"))
    except ValueError as error:
        raise Http404 from error
    if not (math.isfinite(shown_s) and 0 <= shown_s <= max(video.duration_s, 0)):
        raise Http404
    return video, shown_s + video.playback_offset_s
