"""Downloads of a model for every member of the team, verified first; the ZIP is made while it is sent."""

import io
from collections.abc import Iterator
from uuid import UUID

from asgiref.sync import sync_to_async
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.http import content_disposition_header
from django.utils.translation import get_language
from django.views.decorators.http import require_GET, require_safe

from analysis.errors import DamagedModel
from analysis.training.model_folder import CARD
from webapp import storage
from webapp.audit.action_choices import Action, SubjectKind
from webapp.audit.services import AuditSubject, record
from webapp.audit.sighting_services import record_sent
from webapp.datasets.versions.export_queries import safe_name
from webapp.http.ranged_responses import ranged_response
from webapp.http.zip_responses import zip_response
from webapp.http.zip_stream import ZipStream
from webapp.jobs import words as jobs_words
from webapp.training.models import TrainingRun
from webapp.training.page_context import finished_run, head_context
from webapp.training.registry import model_card_queries, model_file_queries

ANY_FILE = "application/octet-stream"


@require_safe
async def download(request: HttpRequest, run_id: UUID, name: str) -> HttpResponseBase:
    """Sends one of `model_file_queries.DOWNLOADS`."""
    run = await sync_to_async(finished_run)(request, run_id)
    if name not in model_file_queries.DOWNLOADS:
        raise Http404
    try:
        key = await sync_to_async(model_file_queries.verified_key)(run, name)
        if name == CARD and (card := model_card_queries.translated_card(run.document, get_language())):
            return await sync_to_async(_own_card)(request, run, card)
        response = await ranged_response(request, key, ANY_FILE, download_name=f"{title(run)} {name}")
    except (DamagedModel, FileNotFoundError):
        return await sync_to_async(_damaged)(request, run)
    subject = AuditSubject(SubjectKind.MODEL, f"{run.pk} {name}", f"{title(run)} {name}")
    await sync_to_async(record_sent)(request, Action.DOWNLOADED, subject, response, team_id=run.team_id)
    return response


@require_GET
async def download_all(request: HttpRequest, run_id: UUID) -> HttpResponseBase:
    """Sends all files as a ZIP; all are verified before the first byte, because half a ZIP could not be recalled."""
    run = await sync_to_async(finished_run)(request, run_id)
    try:
        verified = sync_to_async(model_file_queries.verified_key)
        keys = {name: await verified(run, name) for name in model_file_queries.DOWNLOADS}
        card = model_card_queries.translated_card(run.document, get_language())
    except DamagedModel:
        return await sync_to_async(_damaged)(request, run)
    subject = AuditSubject(SubjectKind.MODEL, str(run.pk), title(run))
    await sync_to_async(record)(request, Action.DOWNLOADED, subject, team_id=run.team_id)
    return zip_response(f"{title(run)}.zip", _zipped(keys, card))


def title(run: TrainingRun) -> str:
    """Returns the beginning of the names of downloaded files: dataset and run."""
    return f"{safe_name(run.dataset_name)} run {run.number}"


def _own_card(request: HttpRequest, run: TrainingRun, card: bytes) -> HttpResponseBase:
    """Sends a card that was made for the reader's language, and records it as any other file."""
    response = HttpResponse(card, content_type=ANY_FILE)
    name = f"{title(run)} {CARD}"
    response["Content-Disposition"] = content_disposition_header(True, name)
    record(request, Action.DOWNLOADED, AuditSubject(SubjectKind.MODEL, f"{run.pk} {CARD}", name), team_id=run.team_id)
    return response


def _zipped(keys: dict[str, str], card: bytes | None) -> Iterator[bytes]:
    stream = ZipStream()
    for name, key in keys.items():
        if name == CARD and card is not None:
            yield from stream.member(name, io.BytesIO(card), len(card))
            continue
        with storage.local_path(key) as path, path.open("rb") as file:
            yield from stream.member(name, file, storage.size(key))
    yield from stream.close()


def _damaged(request: HttpRequest, run: TrainingRun) -> HttpResponseBase:
    context = head_context(request, run) | {"trouble": jobs_words.explain(DamagedModel.code)}
    return render(request, "training/damaged.html", context, status=409)
