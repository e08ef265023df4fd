"""Adding samples: the page with its choices and its imports, and what arrives from the browser for it."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.decorators import login_not_required  # for tus, which answers by itself
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from analysis.archives.errors import MOST_ENTRIES
from analysis.images.read import SUFFIXES
from webapp import access
from webapp.accounts.request_limit_middleware import asked_often
from webapp.accounts.request_types import SignedInRequest
from webapp.datasets.choices import UPLOADED, Part
from webapp.datasets.importing import forms, inbox, queries, services
from webapp.datasets.importing import words as importing_words
from webapp.datasets.importing.forms import Filling, filling_of
from webapp.datasets.importing.option_types import APPEARANCES
from webapp.datasets.media_types import CLIP_SUFFIXES
from webapp.datasets.models import Dataset, Import, ImportUpload, Source
from webapp.datasets.page_context import head_context
from webapp.http.body_limit_middleware import MAX_BODY_BYTES, takes_bodies_of
from webapp.http.list_words import sentences
from webapp.http.responses import done, refused
from webapp.http.streaming_middleware import takes_streams
from webapp.jobs.idempotency_responses import starts_work
from webapp.picture_types import PICTURE_TYPES
from webapp.uploads.rules import VIDEO_SUFFIXES, Refused
from webapp.uploads.tus_responses import TusError, respond_to_create, respond_to_file

BATCH_BYTES = 8 * 1024**2
PICTURE_BYTES = 15 * 1024**2
"""A single picture goes into a request of its own; the server takes no larger one."""
PROBLEMS_ON_A_PAGE = 100


@require_GET
def fill(request: HttpRequest, dataset_id: UUID) -> HttpResponse:
    """Shows the choices. They are in the address, so that counting and searching work without JavaScript."""
    dataset = get_object_or_404(access.visible_datasets(request.user), pk=dataset_id)
    context = head_context(request, dataset)
    context["page"] = queries.page_of_imports(dataset, request.GET.get("page"))
    if context["can_manage"]:
        context |= _choices(request, dataset)
    return render(request, "datasets/fill.html", context)


def _choices(request: HttpRequest, dataset: Dataset) -> dict[str, Any]:
    filling = filling_of(request.GET, _source(dataset, request.GET.get("from", "")))
    source, options = filling.source, filling.options
    by_people = source == Source.PEOPLE or (source == Source.MOMENTS and options.how == APPEARANCES)
    by_videos = source in (Source.PEOPLE, Source.FRAMES, Source.MOMENTS)
    typed = {name: request.GET.get(name, "") for name in ("who", "which")}
    team = dataset.team
    context: dict[str, Any] = {
        "sources": [(value, *importing_words.SOURCES[value]) for value in services.SOURCES_OF[dataset.kind]],
        "filling": filling,
        "is_upload": source in UPLOADED,
        "ways": forms.HOW.get(source, ()),
        "faces_choices": forms.FACES,
        "parts_choices": forms.PARTS,
        "parts": Part.choices,
        "typed": typed,
        "limits": _limits(source),
        "labels": dataset.labels.all(),
        "unfinished": queries.unfinished(dataset, access.own_import_uploads(request.user)),
    }
    if by_people:
        context["people"] = queries.choosable_people(team, typed["who"], options.people)
    if by_videos:
        analysed = by_people or options.faces != "any"
        context["videos"] = queries.choosable_videos(team, typed["which"], options.videos, analysed)
        context["expected"] = importing_words.of_expected(queries.expected(dataset, source, options))
    return context


def _source(dataset: Dataset, requested: str) -> Source:
    """Returns the requested source where it fits the dataset, else the one that fits best."""
    fitting = services.SOURCES_OF[dataset.kind]
    return Source(requested) if requested in fitting else fitting[0]


def _limits(source: Source) -> dict[str, Any]:
    accept = {
        Source.PICTURES: PICTURE_TYPES,
        Source.ARCHIVE: ".zip,application/zip",
        Source.VIDEOS: ",".join(("video/*", *VIDEO_SUFFIXES)),
    }
    return {
        "accept": accept.get(source, ""),
        "batch_bytes": BATCH_BYTES,
        "batch_count": inbox.MOST_IN_A_BATCH,
        "picture_bytes": PICTURE_BYTES,
        "chunk_bytes": settings.UPLOAD_CHUNK_BYTES,
        "max_bytes": settings.UPLOAD_MAX_BYTES,
        "most_files": MOST_ENTRIES,
        "most_files_words": number_format(MOST_ENTRIES, force_grouping=True),
        "suffixes": ",".join(sorted(SUFFIXES | CLIP_SUFFIXES)),
    }


@require_POST
@starts_work
def begin(request: SignedInRequest, dataset_id: UUID) -> HttpResponseBase:
    """Starts an import, or opens one for the files that a browser is about to send (then the answer is JSON)."""
    dataset = get_object_or_404(access.manageable_datasets(request.user), pk=dataset_id)
    filling = filling_of(request.POST, _source(dataset, request.POST.get("from", "")))
    here = _page(dataset)
    if filling.errors:
        return refused(request, sentences(*filling.errors.values()), here, status=400)
    is_upload = filling.source in UPLOADED
    if is_upload and not filling.options.expected:
        return refused(request, _("Choose files first."), here, status=400)
    if not is_upload and queries.expected(dataset, filling.source, filling.options).count == 0:
        return refused(request, _("Nothing selected. Choose people or videos first."), here, status=400)
    of_import = services.begin(
        dataset=dataset,
        user=request.user,
        source=filling.source,
        options=filling.options,
        title=_title(dataset, filling),
    )
    if is_upload:
        return JsonResponse(_addresses(of_import), status=HTTPStatus.CREATED)
    return done(request, _("Adding samples. You can leave this page."), here)


def _title(dataset: Dataset, filling: Filling) -> str:
    options = filling.options
    people, videos = queries.names_of(options.people, options.videos, dataset.team_id)
    return filling.title or importing_words.title_of(filling.source, people, videos, options.expected)


def _addresses(of_import: Import) -> dict[str, str]:
    """Returns where the browser sends what."""
    place = [of_import.dataset_id, of_import.pk]
    return {
        "id": str(of_import.pk),
        "batch": reverse("datasets:import_batch", args=[*place, 0]),
        "create": reverse("datasets:import_files", args=place),
        "start": reverse("datasets:start_import", args=place),
    }


def _page(dataset: Dataset) -> str:
    return reverse("datasets:fill", args=[dataset.pk])


def _import(request: HttpRequest, dataset_id: UUID, import_id: UUID) -> Import:
    rows = access.manageable_imports(request.user).select_related("dataset__team", "job")
    return get_object_or_404(rows, pk=import_id, dataset=dataset_id)


@asked_often
@takes_bodies_of(MAX_BODY_BYTES)
@require_POST
def batch(request: SignedInRequest, dataset_id: UUID, import_id: UUID, number: int) -> HttpResponseBase:
    """Receives pictures as multipart. A numbered batch whose answer was lost is sent again and counts once."""
    of_import = _import(request, dataset_id, import_id)
    files = [(file.name or "", file) for file in request.FILES.getlist("pictures")]
    if not files or len(files) > inbox.MOST_IN_A_BATCH or number >= inbox.MOST_BATCHES:
        return JsonResponse(
            {"error": _("These pictures cannot be uploaded. Reload the page and try again.")},
            status=HTTPStatus.BAD_REQUEST,
        )
    try:
        arrived = services.receive_batch(of_import, user=request.user, number=number, files=files)  # type: ignore[arg-type]
    except services.WrongImportState:
        return JsonResponse(
            {"error": _("This import has already started. Reload the page.")}, status=HTTPStatus.CONFLICT
        )
    except services.NoRoom:
        words = _("The server is out of disk space. Delete videos that you no longer need, then try again.")
        return JsonResponse({"error": words}, status=HTTPStatus.INSUFFICIENT_STORAGE)
    except Refused as refused_files:
        return JsonResponse({"error": str(refused_files)}, status=refused_files.status)
    return JsonResponse({"arrived": arrived})


@require_POST
@starts_work
def start(request: SignedInRequest, dataset_id: UUID, import_id: UUID) -> HttpResponseBase:
    """Starts the import with all that has arrived."""
    of_import = _import(request, dataset_id, import_id)
    here = _page(of_import.dataset)
    try:
        services.start_with_what_is_there(of_import, user=request.user)
    except services.WrongImportState:
        of_import.refresh_from_db()
        if of_import.job_id is None:
            return refused(request, _("Nothing has been uploaded yet. Choose files first."), here)
    return done(request, _("Adding samples. You can leave this page."), here)


@require_POST
@starts_work
def resume(request: SignedInRequest, dataset_id: UUID, import_id: UUID) -> HttpResponseBase:
    of_import = _import(request, dataset_id, import_id)
    here = _page(of_import.dataset)
    try:
        services.resume(of_import, user=request.user)
    except services.WrongImportState:
        return refused(request, _("This import cannot be resumed. Start a new one."), here)
    return done(request, _("Resumed where it stopped."), here)


@require_POST
def discard(request: HttpRequest, dataset_id: UUID, import_id: UUID) -> HttpResponseBase:
    of_import = _import(request, dataset_id, import_id)
    here = _page(of_import.dataset)
    try:
        services.discard(of_import)
    except services.WrongImportState:
        return refused(request, _("This import has already started. You can undo it instead."), here)
    return done(request, _("Discarded the uploaded files."), here)


@require_POST
def undo(request: HttpRequest, dataset_id: UUID, import_id: UUID) -> HttpResponseBase:
    of_import = _import(request, dataset_id, import_id)
    count = services.undo(of_import)
    words = ngettext("Removed %(n)d sample.", "Removed %(n)d samples.", count)
    return done(request, words % {"n": count}, _page(of_import.dataset))


@require_GET
def problems(request: HttpRequest, dataset_id: UUID, import_id: UUID) -> HttpResponse:
    """Lists all skipped files."""
    dataset = get_object_or_404(access.visible_datasets(request.user), pk=dataset_id)
    of_import = get_object_or_404(dataset.imports.all(), pk=import_id)
    rows = Paginator(of_import.problems.order_by("item"), PROBLEMS_ON_A_PAGE).get_page(request.GET.get("page"))
    context = head_context(request, dataset) | {"of_import": of_import, "page": rows}
    return render(request, "datasets/import_problems.html", context)


class ImportTarget:
    """A file for an import, by the tus protocol."""

    is_stored = staticmethod(services.lies_in_inbox)
    finish = staticmethod(services.finish_upload)
    give_up = staticmethod(services.cancel_upload)

    def __init__(self, dataset_id: UUID, import_id: UUID) -> None:
        self.dataset_id, self.import_id = dataset_id, import_id

    def start(
        self, request: SignedInRequest, metadata: dict[str, str], size_bytes: int
    ) -> tuple[ImportUpload, dict[str, str]]:
        try:
            of_import = _import(request, self.dataset_id, self.import_id)
            upload = services.start_upload(
                of_import,
                user=request.user,
                name=metadata.get("filename", ""),
                size_bytes=size_bytes,
                fingerprint=metadata.get("fingerprint", ""),
            )
        except Http404 as error:
            raise TusError(HTTPStatus.NOT_FOUND, _("This import no longer exists. Reload the page.")) from error
        except services.WrongImportState as error:
            raise TusError(HTTPStatus.CONFLICT, _("This import has already started. Reload the page.")) from error
        place = [self.dataset_id, self.import_id, upload.pk]
        return upload, {"Location": reverse("datasets:import_file", args=place)}

    def own(self, request: HttpRequest) -> Any:
        return self._own(request).filter(is_stored=False).select_related("of_import__dataset__team", "user")

    def finished_bytes(self, request: HttpRequest, upload_id: UUID) -> int | None:
        upload = self._own(request).filter(is_stored=True, pk=upload_id).first()
        return upload.size_bytes if upload else None

    def _own(self, request: HttpRequest) -> QuerySet[ImportUpload]:
        mine = access.own_import_uploads(request.user)
        return mine.filter(of_import=self.import_id, of_import__dataset=self.dataset_id)

    def report_progress(self, upload: ImportUpload) -> None:
        """Does nothing: the page that sends the file counts for itself, and no other shows it."""


@login_not_required
@require_http_methods(["OPTIONS", "POST"])
@starts_work
def files(request: HttpRequest, dataset_id: UUID, import_id: UUID) -> HttpResponse:
    return respond_to_create(request, ImportTarget(dataset_id, import_id))


@asked_often
@takes_streams
@login_not_required
@require_http_methods(["OPTIONS", "HEAD", "PATCH", "DELETE", "POST"])
def file(request: HttpRequest, dataset_id: UUID, import_id: UUID, upload_id: UUID) -> HttpResponse:
    return respond_to_file(request, ImportTarget(dataset_id, import_id), upload_id)
