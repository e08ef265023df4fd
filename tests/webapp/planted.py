"""Views, a task and a websocket that forget to ask `webapp.access`: what they reach is what the scope lets through."""

from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from asgiref.sync import sync_to_async
from channels.db import database_sync_to_async
from django.apps import apps
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.urls import path

from webapp import urls as product
from webapp.access import Visitor
from webapp.accounts.models import TokenScope
from webapp.accounts.tokens.bearer_middleware import takes_tokens
from webapp.jobs.consumers import JobsConsumer
from webapp.jobs.job_state import JobState, state_of
from webapp.jobs.models import Job
from webapp.team_scope import TeamOwned
from webapp.videos.models import Video

Reached = dict[str, list[str]]

reached_by_task: list[Reached] = []


def everything() -> Reached:
    """Ids of all rows that `objects` finds, by model."""
    models = (model for model in apps.get_models() if issubclass(model, TeamOwned))
    found = {model._meta.label: sorted(map(str, model.objects.values_list("pk", flat=True))) for model in models}
    return {label: ids for label, ids in found.items() if ids}


def forgetful(request: HttpRequest) -> JsonResponse:
    return JsonResponse(everything())


async def asynchronous(request: HttpRequest) -> JsonResponse:
    return JsonResponse(await sync_to_async(everything)())


def streaming(request: HttpRequest) -> StreamingHttpResponse:
    def content() -> Iterator[str]:
        yield from JsonResponse(everything()).text

    return StreamingHttpResponse(content())


async def streaming_asynchronously(request: HttpRequest) -> StreamingHttpResponse:
    async def content() -> AsyncIterator[str]:
        for character in JsonResponse(await sync_to_async(everything)()).text:
            yield character

    return StreamingHttpResponse(content())


def overwriting(request: HttpRequest) -> HttpResponse:
    return HttpResponse(Video.objects.filter(pk=request.POST["video"]).update(title="Taken"))


def deleting(request: HttpRequest) -> HttpResponse:
    return HttpResponse(Video.objects.filter(pk=request.POST["video"]).delete()[0])


def in_a_thread(request: HttpRequest) -> JsonResponse:
    with ThreadPoolExecutor(1) as pool:
        return JsonResponse(pool.submit(everything).result())


@takes_tokens(TokenScope.READ)
def by_token(request: HttpRequest) -> JsonResponse:
    return JsonResponse(everything())


@login_not_required
def open_to_everybody(request: HttpRequest) -> JsonResponse:
    return JsonResponse(everything())


def forgetful_task(job: Job) -> None:
    reached_by_task.append(everything())


class ForgetfulConsumer(JobsConsumer):
    """Lets in whoever has signed in, and tells of all jobs."""

    def team_of(self, user: Visitor, key: Any) -> Any:
        return key

    def group_names(self, team_id: Any) -> tuple[str, ...]:
        return ()

    def states(self, key: Any) -> list[JobState]:
        return [state_of(job) for job in Job.objects.all()]


class ScopelessConsumer(ForgetfulConsumer):
    """Asks before it knows of which team it tells."""

    async def connect(self) -> None:
        await database_sync_to_async(everything)()


urlpatterns = [
    path("planted/forgetful/", forgetful),
    path("planted/asynchronous/", asynchronous),
    path("planted/streaming/", streaming),
    path("planted/streaming-asynchronously/", streaming_asynchronously),
    path("planted/overwriting/", overwriting),
    path("planted/deleting/", deleting),
    path("planted/in-a-thread/", in_a_thread),
    path("planted/by-token/", by_token),
    path("planted/open/", open_to_everybody),
    *product.urlpatterns,
]
