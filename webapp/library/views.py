"""Pages of videos (library, upload, video) and what their buttons do."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from webapp import access, deleted
from webapp.accounts.context_processors import team_of, team_to_edit
from webapp.accounts.models import Team
from webapp.accounts.request_types import SignedInRequest
from webapp.http.ids import uuids_in
from webapp.http.responses import SeeOther, done, refused
from webapp.jobs.idempotency_responses import starts_work
from webapp.library import (
    batch_queries,
    face_box_queries,
    favourite_queries,
    label_filter_queries,
    next_step_queries,
    on_screen_queries,
    people_filter_queries,
    queries,
    video_words,
)
from webapp.library.forms import FilterForm, ThoroughnessForm, TitleForm, ViewForm, WindowForm
from webapp.library.tagging import queries as tagging
from webapp.recognition import queries as recognition
from webapp.undo_period import UNDO_PERIOD
from webapp.uploads import rules as uploads_rules
from webapp.videos import services
from webapp.videos.models import ThoroughnessChoice, Video, VideoState

MIN_VALUES = (0, 1, 2, 5, 10)
KEPT_FILTERS = (
    *("favourite", "tag", "person", "without", "match", "label", "labelled", "unnamed"),
    *("uploader", "since", "until", "select"),
)
"""Parts of the address that a new search or order leaves as they are."""
MOST_CARDS = 100
"""In one request for what has changed."""


@require_GET
def library(request: HttpRequest) -> HttpResponse:
    return render(request, "library/library.html", _library_context(request, _editable_teams(request)))


@require_GET
def changes(request: HttpRequest) -> HttpResponse:
    """Returns what may have changed in the library at the address: its head, its filters, and each `card` asked for."""
    query = request.GET.copy()
    asked = uuids_in(query.pop("card", [])[:MOST_CARDS])
    request.GET = query  # type: ignore[assignment]  # what the links of the head lead to
    visible = access.visible_videos(request.user).filter(team=team_of(request), pk__in=asked)
    videos = list(queries.for_cards(queries.without_refused(visible)))
    editable = _editable_teams(request)
    context = _library_context(request, editable, has_cards=False) | {
        "cards": queries.cards(videos, editable, request.user)
    }
    return render(request, "library/_changes.html", context)


@require_GET
def filter_people(request: HttpRequest) -> HttpResponse:
    """Returns people to filter by: those called `who`, or all of them, page by page."""
    form = FilterForm(request.GET)
    team = team_of(request)
    found = people_filter_queries.choices(form.people(team), team, who=form.called(), number=form.people_page())
    return render(request, "library/_filter_choices.html", {"choices": found})


@require_GET
def detail(request: HttpRequest, video_id: UUID) -> HttpResponse:
    context = _video_context(request, video_id)
    video, view = context["video"], context["view"]
    context["on_screen"] = on_screen_queries.on_screen(
        view.rows, time_s=context["start_s"], team=video.team, asks_for_names=context["can_edit"]
    )
    return render(request, "library/detail.html", context)


@require_GET
def panel(request: HttpRequest, video_id: UUID) -> HttpResponse:
    return render(request, "library/_panel.html", _video_context(request, video_id))


@require_GET
def upload(request: HttpRequest) -> HttpResponse:
    team = team_of(request)
    visible = access.visible_videos(request.user).filter(team=team)
    context = _uploading(request, team, queries.unfinished(visible, request.user)) | {
        "thoroughness_choices": ThoroughnessChoice.choices,
        "can_edit": team is not None and team.pk in _editable_teams(request),
    }
    return render(request, "library/upload.html", context)


@require_GET
def boxes_json(request: HttpRequest, video_id: UUID) -> HttpResponse:
    video = get_object_or_404(access.visible_videos(request.user), pk=video_id)
    window = WindowForm({"start_s": request.GET.get("from", "0"), "end_s": request.GET.get("to", "60")})
    if not window.is_valid():
        return JsonResponse({"error": str(window.errors)}, status=400)
    response = JsonResponse(face_box_queries.window_of(video, **window.cleaned_data))
    response["Cache-Control"] = "private, no-cache"
    return response


@require_POST
def rename(request: HttpRequest, video_id: UUID) -> HttpResponseBase:
    video = get_object_or_404(access.editable_videos(request.user), pk=video_id)
    form = TitleForm(request.POST)
    here = reverse("videos:detail", args=[video.pk])
    if not form.is_valid():
        return refused(request, _("Enter a title of 1 to 255 characters."), here)
    services.rename_video(video, title=form.cleaned_data["title"])
    text = _("Renamed to “%(title)s”.") % {"title": form.cleaned_data["title"]}
    return done(request, text, here, reverse("videos:rename", args=[video.pk]), {"title": video.title})


@require_POST
def delete(request: SignedInRequest, video_id: UUID) -> HttpResponseBase:
    video = get_object_or_404(access.editable_videos(request.user), pk=video_id)
    services.delete_video(video, user=request.user)
    minutes = int(UNDO_PERIOD.total_seconds() // 60)
    words = ngettext(
        "Deleted “%(title)s”. You can restore it for %(minutes)d minute.",
        "Deleted “%(title)s”. You can restore it for %(minutes)d minutes.",
        minutes,
    )
    undo = reverse("videos:restore", args=[video.pk])
    return done(request, words % {"title": video.title, "minutes": minutes}, reverse("videos:library"), undo)


@require_POST
def restore(request: SignedInRequest, video_id: UUID) -> HttpResponseBase:
    video = get_object_or_404(access.restorable_videos(request.user), pk=video_id)
    try:
        services.restore_video(video, user=request.user)
    except services.AlreadyHere:
        words = _("“%(title)s” was uploaded again in the meantime, so the older copy stays deleted.")
        return refused(request, words % {"title": video.title}, reverse("videos:library"))
    return done(request, _("Restored “%(title)s”.") % {"title": video.title}, reverse("videos:library"))


@require_POST
@starts_work
def analyse(request: SignedInRequest, video_id: UUID) -> HttpResponseBase:
    video = get_object_or_404(access.editable_videos(request.user).select_related("current_job", "team"), pk=video_id)
    here = reverse("videos:detail", args=[video.pk])
    form = ThoroughnessForm({"thoroughness": request.POST.get("thoroughness") or video.thoroughness})
    if not form.is_valid():
        return refused(request, _("Choose Fast, Balanced or Thorough."), here)
    try:
        services.analyse_again(video, thoroughness=form.cleaned_data["thoroughness"], user=request.user)
    except services.CannotAnalyse:
        return refused(
            request, _("This video cannot be analysed now: it is being analysed, or its file is missing."), here
        )
    return done(request, _("Analysing again."), here)


@require_POST
def cancel(request: HttpRequest, video_id: UUID) -> HttpResponseBase:
    video = get_object_or_404(access.editable_videos(request.user), pk=video_id)
    here = reverse("videos:detail", args=[video.pk])
    if not services.cancel_work(video):
        return refused(request, _("There was nothing to cancel: the analysis had already ended."), here)
    return done(request, _("Cancelled. You can analyse the video again at any time."), here)


@require_POST
@starts_work
def sample(request: SignedInRequest) -> HttpResponseBase:
    team = team_to_edit(request)
    video = services.begin_sample(team=team, user=request.user, title=_("Sample: an astronaut and an admiral"))
    return SeeOther(reverse("videos:detail", args=[video.pk]))  # which says itself that it is being made


def _library_context(request: HttpRequest, editable: set[UUID], *, has_cards: bool = True) -> dict[str, Any]:
    """Returns what the library shows; without its cards, what stands above them."""
    team = team_of(request)
    everything = access.visible_videos(request.user).filter(team=team)
    counts, duration_s = queries.counts(everything)
    visible = queries.without_refused(everything) if counts["failed"] else everything
    if visible is not everything:
        counts, duration_s = queries.counts(visible)
    form = FilterForm(request.GET)
    chosen, wanted, labels, tags = form.chosen(), form.people(team), form.labels(), form.tags()
    found = form.found_in(visible, team, request.user)
    offered_tags = tagging.offer(tags, team)
    offered_labels = label_filter_queries.offer(labels, team)
    page = queries.page_of_videos(found, request.GET.get("page"))
    if has_cards:
        page.object_list = queries.cards(queries.read(page), editable, request.user)  # type: ignore[assignment]
    can_export = team is not None and access.exporting_teams(request.user).filter(pk=team.pk).exists()
    may_choose = team is not None and (can_export or team.pk in editable)
    is_choosing = has_cards and "select" in request.GET and may_choose
    return {
        "page": page,
        "filters": chosen | {"page": request.GET.get("page", ""), "who": form.called()},
        "is_filtered": bool(chosen["q"] or chosen["state"] or wanted or labels or tags or form.is_of_favourites()),
        "of_favourites": form.is_of_favourites(),
        "favourites": favourite_queries.how_many(visible, request.user),
        "tag_offer": offered_tags,
        "chosen_tags": [each for each in offered_tags if each.is_chosen],
        "query_string": _query_string(request),
        "people_filter": wanted,
        "label_filter": labels,
        "label_offer": offered_labels,
        "chosen_labels": label_filter_queries.chosen(offered_labels),
        "offer": people_filter_queries.offer(wanted, team, who=form.called()),
        "kept_fields": [
            *((name, value) for name, value in chosen.items() if value),
            *_kept(request, "favourite", "select"),
        ],
        "kept_people": _kept(request, *KEPT_FILTERS),
        "is_choosing": is_choosing,
        "selection": queries.selection(found, page, is_all=request.GET.get("select") == "all") if is_choosing else None,
        "sorts": FilterForm.base_fields["sort"].choices,  # type: ignore[attr-defined]
        "counts": counts,
        "batch": batch_queries.of_team(team, visible),
        "totals": queries.totals(counts["all"], duration_s, team),
        "deleted": deleted.how_many(request.user, team),
        "has_any": counts["all"] > 0,
        "refused": []
        if visible is everything or team is None or team.pk not in editable
        else queries.refused(everything),
        "can_edit": team is not None and team.pk in editable,
        "can_export": can_export,
    } | _uploading(request, team, queries.unfinished(visible, request.user))


def _uploading(request: HttpRequest, team: Team | None, unfinished: Iterable[Video]) -> dict[str, Any]:
    """Returns what the rows of uploads need, and the uploads that wait there for their files."""
    searching = access.photo_search_teams(request.user)
    return {
        "limits": _limits(),
        "unfinished": unfinished,
        "can_search_by_photo": team is not None and searching.filter(pk=team.pk).exists(),
    }


def _stopped_upload(request: HttpRequest, video: Video) -> dict[str, Any]:
    """Returns what the page of an upload needs that its sender may continue there; nothing for any other video."""
    if video.state != VideoState.STOPPED or not access.own_uploads(request.user).filter(pk=video.pk).exists():
        return {}
    return _uploading(request, video.team, [video])


def _video_context(request: HttpRequest, video_id: UUID) -> dict[str, Any]:
    video = get_object_or_404(queries.for_cards(access.visible_videos(request.user)), pk=video_id)
    chosen = ViewForm(request.GET).chosen()
    shown = _card(request, video)
    view = queries.video_page(
        video,
        min_s=chosen["min"],
        chosen=chosen["person"],
        timeline_page=request.GET.get("page"),
        unclear_page=request.GET.get("unclear"),
    )
    return {
        "video": video,
        "card": shown,
        "next_step": next_step_queries.next_step(video.team, request.user)
        if view.rows and shown.can_edit and request.user.is_authenticated
        else None,
        "job": shown.job,
        "state": video.state,
        "can_edit": shown.can_edit,
        "can_export": access.exporting_teams(request.user).filter(pk=video.team_id).exists(),
        "can_share": access.sharing_teams(request.user).filter(pk=video.team_id).exists(),
        "view": view,
        "labels": recognition.labels_of(video, chosen["score"] / 100),
        "tab": chosen["tab"],
        "score": chosen["score"],
        "start_s": view.opens_at_s if chosen["t"] is None else chosen["t"],
        "only": chosen["only"],
        "next_url": _next_url(request, video, chosen),
        "min_values": MIN_VALUES,
        "play": video_words.playing(video),
        "details": video_words.details(video),
        "problem": video_words.problem(video),
        "thoroughness_choices": ThoroughnessChoice.choices,
    } | _stopped_upload(request, video)


def _next_url(request: HttpRequest, video: Video, chosen: dict[str, Any]) -> str:
    """Returns the page on which playing only one person goes on; empty unless all their videos are played."""
    if chosen["only"] != "all" or chosen["person"] is None:
        return ""
    visible = access.visible_videos(request.user)
    following = on_screen_queries.next_video(visible, video, chosen["person"], chosen["first"])
    if following is None:
        return ""
    query = urlencode({"person": chosen["person"], "only": "all", "first": chosen["first"] or video.pk})
    return f"{reverse('videos:detail', args=[following.pk])}?{query}"


def _card(request: HttpRequest, video: Video) -> queries.Card:
    return queries.cards([video], _editable_teams(request), request.user)[0]


def _editable_teams(request: HttpRequest) -> set[UUID]:
    return set(access.editable_teams(request.user).values_list("pk", flat=True))


def _limits() -> dict[str, Any]:
    return {
        "max_bytes": settings.UPLOAD_MAX_BYTES,
        "chunk_bytes": settings.UPLOAD_CHUNK_BYTES,
        "free_bytes": uploads_rules.room_bytes(),
        "accept": ",".join(["video/*", *uploads_rules.VIDEO_SUFFIXES]),
    }


def _kept(request: HttpRequest, *keys: str) -> list[tuple[str, str]]:
    """Returns parts of the address as hidden fields of a form."""
    return [(key, value) for key in keys for value in request.GET.getlist(key)]


def _query_string(request: HttpRequest) -> str:
    kept = request.GET.copy()
    kept.pop("page", None)
    return kept.urlencode()
