"""Starts exports: from a selection, from the page on which one chooses what to make, or the same again."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.forms import BooleanField
from django.http import HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from webapp import access
from webapp.accounts.request_types import SignedInRequest
from webapp.exports import queries, services, words
from webapp.exports.appearance_queries import appearances_in
from webapp.exports.choices import Whom
from webapp.exports.copy_queries import plan_copies
from webapp.exports.forms import FORMS, BlurForm, KindForm, ReelForm
from webapp.exports.models import Export, ExportKind
from webapp.exports.reel_queries import plan_reel, reel_options
from webapp.exports.services import NoRoomForExport, TooManyExports
from webapp.exports.subjects_context import MOST_VIDEOS, ExportSubjects, NothingChosen, TooMany, subjects_of
from webapp.http.ids import uuids_in
from webapp.http.responses import SeeOther, done, refused
from webapp.jobs.idempotency_responses import starts_work
from webapp.uploads.rules import Refused

APPEARANCES = "appearances"


@require_POST
def choose(request: SignedInRequest) -> HttpResponseBase:
    """Goes from a selection in the library to the page of a new export."""
    chosen = uuids_in(request.POST.getlist("video"))
    found = set(access.exportable_videos(request.user).filter(pk__in=chosen[:MOST_VIDEOS]).values_list("pk", flat=True))
    if not found:
        return nothing_to_export(request, NothingChosen())
    if len(chosen) > MOST_VIDEOS:
        return nothing_to_export(request, TooMany())
    query = urlencode([("video", key) for key in chosen if key in found])
    return SeeOther(f"{reverse('exports:new')}?{query}")


@require_http_methods(["GET", "POST"])
@starts_work
def new(request: SignedInRequest) -> HttpResponseBase:
    """Offers what can be made of videos and people, and starts it."""
    fields = request.POST if request.method == "POST" else request.GET
    try:
        wanted = subjects_of(request.user, fields)
    except (NothingChosen, TooMany) as error:
        return nothing_to_export(request, error)
    kinds = _kinds(wanted)
    kind = fields.get("kind", "")
    kind = kind if kind in kinds else kinds[0]
    if request.method != "POST":
        return _page(request, wanted, kind, None)
    if kind != fields.get("kind") or kind not in FORMS:
        return refused(request, _("This cannot be made of what you selected."), reverse("videos:library"))
    form = _form(request, wanted, kind, request.POST)
    if not form.is_valid():
        return _page(request, wanted, kind, form)
    here = f"{reverse('exports:new')}?{_query(wanted)}"
    wishes = form.wishes(kind)
    return _started(request, here, lambda: services.start_exports(wishes, team=wanted.team, user=request.user))


@require_POST
@starts_work
def again(request: SignedInRequest, export_id: UUID) -> HttpResponseBase:
    """Makes the same once more."""
    export = get_object_or_404(access.visible_exports(request.user).select_related("team"), pk=export_id)
    here = reverse("exports:list")
    return _started(request, here, lambda: [services.start_again(export, user=request.user)])


def nothing_to_export(request: SignedInRequest, error: NothingChosen | TooMany) -> HttpResponseBase:
    """Says why nothing can be made of what was selected."""
    if isinstance(error, NothingChosen):
        return refused(request, _("Select at least one video."), reverse("videos:library"))
    sentence = ngettext("Export at most %(n)d video at once.", "Export at most %(n)d videos at once.", MOST_VIDEOS)
    return refused(request, sentence % {"n": MOST_VIDEOS}, reverse("videos:library"))


def _started(request: SignedInRequest, here: str, start: Callable[[], list[Export]]) -> HttpResponseBase:
    try:
        exports = start()
    except TooManyExports:
        return refused(request, str(words.TOO_MANY), here)
    except Refused as error:
        return refused(request, str(error), here)
    except NoRoomForExport:
        return refused(request, str(words.NO_ROOM), here)
    return done(request, words.started(len(exports)), reverse("exports:list"))


def _kinds(wanted: ExportSubjects) -> list[str]:
    """Returns what can be made: lists always, reels and blurred copies of several videos, the rest of a single one."""
    analysed = all(video.current_analysis_id for video in wanted.videos)
    if not wanted.named_videos or len(wanted.videos) > 1:
        return [ExportKind.REEL, ExportKind.BLUR, APPEARANCES] if analysed else [APPEARANCES]
    if not analysed:
        return [ExportKind.PICTURE]
    return [APPEARANCES, ExportKind.CLIP, ExportKind.REEL, ExportKind.BLUR, ExportKind.CHAPTERS, ExportKind.PICTURE]


def _page(request: SignedInRequest, wanted: ExportSubjects, kind: str, form: KindForm | None) -> HttpResponse:
    if form is None and kind != APPEARANCES:
        form = _form(request, wanted, kind)
    labels = {**dict(ExportKind.choices), APPEARANCES: _("List of appearances")}
    chosen = {person.pk for person in wanted.people}
    offered = queries.people_to_choose(wanted.named_videos, wanted.people)
    context = {
        "wanted": wanted,
        "kind": kind,
        "kinds": [(value, labels[value]) for value in _kinds(wanted)],
        "form": form,
        # A single person is always together with themself.
        "hidden_fields": ["together"] if len(offered) == 1 else [],
        "query": _query(wanted),
        "offers_people": kind in (ExportKind.REEL, ExportKind.BLUR, ExportKind.PICTURE),
        "people": [(person, person.pk in chosen) for person in offered],
        "who": words.names_of(list(wanted.people)),
        "plan": _plan(wanted, form),
        "asks_whom": kind == ExportKind.CLIP and len(wanted.people) != 1,
        "moments": _moments(wanted) if kind == ExportKind.CLIP and len(wanted.people) == 1 else [],
        "meaning": words.MEANINGS.get(kind, ""),
        "lists": [("csv", _("CSV table")), ("json", "JSON"), ("vtt", _("Subtitles (WebVTT)"))],
    }
    return render(request, "exports/new.html", context, status=422 if form is not None and form.errors else 200)


def _form(request: SignedInRequest, wanted: ExportSubjects, kind: str, sent: QueryDict | None = None) -> KindForm:
    """Returns the form as sent, or as the address says: so the page can ask what a choice will make."""
    initial: dict[str, Any] = {"time_s": request.GET["t"]} if request.GET.get("t") else {}
    whom = request.GET.get("whom") or (Whom.CHOSEN if wanted.people else "")
    initial |= {"whom": whom} if whom else {}
    initial |= {"copies": request.GET.getlist("copies")} if "whom" in request.GET else {}
    if kind == ExportKind.REEL and "min_s" in request.GET:
        unticked = {name: False for name, field in ReelForm.base_fields.items() if isinstance(field, BooleanField)}
        initial |= unticked | {name: request.GET[name] for name in ReelForm.base_fields if name in request.GET}
    return FORMS[kind](
        sent,
        initial=initial,
        videos=wanted.videos,
        people=wanted.people,
        has_chosen_people=not wanted.named_videos,
        free=queries.free_places(request.user),
    )


def _plan(wanted: ExportSubjects, form: KindForm | None) -> list[str]:
    if isinstance(form, ReelForm):
        if not wanted.people:
            return [str(words.NOBODY_CHOSEN)]
        options = form.chosen_options()
        return words.reel_lines(plan_reel(wanted.videos, wanted.people, reel_options(options))) if options else []
    if not isinstance(form, BlurForm):
        return []
    whom = form["whom"].value()
    if whom != Whom.EVERYBODY and not wanted.people:
        return []
    plan = plan_copies(wanted.team, form.copied_videos(), wanted.people, whom)
    too_many = [words.too_many_copies(form.free)] if len(plan.copies) > max(form.free, 1) else []
    return words.plan_lines(plan) + too_many


def _moments(wanted: ExportSubjects) -> list[tuple[str, tuple[float, float]]]:
    """Returns the appearances of the person as values of the form and as spans."""
    rows = appearances_in(wanted.videos[0], [person.pk for person in wanted.people])
    return [(f"{start_s:.3f}-{end_s:.3f}", (start_s, end_s)) for row in rows for start_s, end_s in row.spans]


def _query(wanted: ExportSubjects) -> str:
    ids = [("video", video.pk) for video in wanted.named_videos]
    return urlencode(ids + [("person", person.pk) for person in wanted.people])
