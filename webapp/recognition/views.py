"""Pages of deployed models: which there are, and running one on earlier videos."""

from uuid import UUID

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from webapp import access
from webapp.accounts.context_processors import team_of, team_to_edit
from webapp.accounts.request_types import SignedInRequest
from webapp.http.responses import done, refused
from webapp.jobs.idempotency_responses import starts_work
from webapp.recognition import overview_queries, services
from webapp.recognition.batch_responses import start_batch_response
from webapp.recognition.batches import queries as batches_queries
from webapp.training.registry.queries import deployed_runs

PAGE_SIZE = 60


@require_GET
def deployed_models(request: HttpRequest) -> HttpResponse:
    """Lists the deployed models of the team, and batches that are in work or wait to be applied."""
    team = team_of(request)
    context = {
        "models": overview_queries.of_team(team) if team else [],
        "batches": batches_queries.open_batches(access.visible_recognitions(request.user).filter(video__team=team)),
        "can_edit": team is not None and access.editable_teams(request.user).filter(pk=team.pk).exists(),
    }
    return render(request, "recognition/list.html", context)


@require_GET
def apply(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """Chooses earlier videos to run a deployed model on."""
    run = get_object_or_404(access.editable_runs(request.user), pk=run_id)
    videos = services.recognisable(run, access.editable_videos(request.user).filter(team=run.team_id))
    context = {
        "run": run,
        "is_deployed": any(each.pk == run.pk for each in deployed_runs(run.team_id)),
        "page": Paginator(videos.order_by("-created_at", "pk"), PAGE_SIZE).get_page(request.GET.get("page")),
        "count": videos.count(),
        "without": services.not_labelled_by(run, videos).count(),
    }
    return render(request, "recognition/apply.html", context)


@require_POST
@starts_work
def begin(request: SignedInRequest) -> HttpResponseBase:
    """Runs `run` (else all deployed ones) on each `video`, or with `which` on all or those without its labels."""
    team = team_to_edit(request)
    runs = deployed_runs(team.pk)
    here = reverse("recognition:list")
    if wished := request.POST.get("run"):
        runs = [run for run in runs if str(run.pk) == wished]
        here = reverse("recognition:apply", args=[runs[0].pk]) if runs else here
    return start_batch_response(request, runs, access.editable_videos(request.user).filter(team=team), here)


@require_POST
@starts_work
def again(request: SignedInRequest, recognition_id: UUID) -> HttpResponseBase:
    """Starts a failed recognition again."""
    recognitions = access.editable_recognitions(request.user).select_related("video__team", "run")
    recognition = get_object_or_404(recognitions, pk=recognition_id)
    here = reverse("videos:detail", args=[recognition.video_id]) + "?tab=labels"
    if services.recognise_again(recognition, user=request.user) is None:
        return refused(request, _("The model is already running on this video."), here)
    return done(request, _("Trying again."), here)
