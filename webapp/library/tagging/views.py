"""The page of a team's tags, what its buttons do, and tags on videos."""

from collections.abc import Sequence
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from webapp import access, deleted
from webapp.accounts.context_processors import team_of
from webapp.accounts.request_types import SignedInRequest
from webapp.http.responses import done, refused
from webapp.library.tagging import queries, services
from webapp.library.tagging.forms import TagForm, videos_in
from webapp.people.acts.forms import typed
from webapp.videos.models import Tag, Video

SUGGESTED = 8


@require_GET
def tags(request: HttpRequest) -> HttpResponse:
    team = team_of(request)
    can_edit = team is not None and access.editable_teams(request.user).filter(pk=team.pk).exists()
    visible = access.visible_tags(request.user).filter(team=team).order_by("folded_name")
    context = {
        "tags": queries.counted(visible),
        "can_edit": can_edit,
        "deleted": deleted.how_many(request.user, team),
    }
    return render(request, "library/tags.html", context)


@require_GET
def suggest(request: HttpRequest) -> JsonResponse:
    """Completes the name of a tag, as JSON."""
    found = queries.counted(queries.called(team_of(request), typed(request))[:SUGGESTED])
    return JsonResponse([_suggestion(each) for each in found], safe=False)


def _suggestion(each: queries.CountedTag) -> dict[str, str | None]:
    note = ngettext("%(n)d video", "%(n)d videos", each.videos) % {"n": each.videos}
    return {"id": str(each.tag.pk), "label": each.tag.name, "portrait": None, "note": note}


@require_POST
def tag_video(request: HttpRequest, video_id: UUID) -> HttpResponseBase:
    """Puts the tag called `tag` on a video."""
    video = get_object_or_404(access.editable_videos(request.user).select_related("team"), pk=video_id)
    return tag_response(request, [video], reverse("videos:detail", args=[video.pk]))


def tag_response(request: HttpRequest, videos: Sequence[Video], here: str) -> HttpResponseBase:
    """Puts the tag that the form names on videos of a team, and responds."""
    name = TagForm.name_in(request)
    if not name:
        return _no_name(request, here)
    try:
        tag = services.tag_called(videos[0].team, name)
    except services.TooManyTags:
        words = _("Your team has %(n)d tags, which is the most it can have. Delete or merge some first.")
        return refused(request, words % {"n": services.MOST_TAGS}, here)
    return _put_on(request, tag, [video.pk for video in videos if video.team_id == tag.team_id], here)


def untag_response(request: HttpRequest, videos: Sequence[Video], here: str) -> HttpResponseBase:
    """Takes the tag that the form names off videos of a team, and responds."""
    name = TagForm.name_in(request)
    if not name:
        return _no_name(request, here)
    tag = services.named(videos[0].team, name)
    if tag is None:
        return refused(request, _("There is no tag called “%(tag)s”.") % {"tag": name}, here)
    return _take_off(request, tag, [video.pk for video in videos], here)


def _no_name(request: HttpRequest, here: str) -> HttpResponseBase:
    return refused(request, _("Enter a tag of 1 to 60 characters."), here)


@require_POST
def put_on(request: HttpRequest, tag_id: UUID) -> HttpResponseBase:
    tag, videos = _tag_and_videos(request, tag_id)
    return _put_on(request, tag, videos, reverse("videos:library"))


@require_POST
def take_off(request: HttpRequest, tag_id: UUID) -> HttpResponseBase:
    tag, videos = _tag_and_videos(request, tag_id)
    return _take_off(request, tag, videos, reverse("videos:library"))


def _tag_and_videos(request: HttpRequest, tag_id: UUID) -> tuple[Tag, list[UUID]]:
    """Returns a tag of a team in which this person is an editor, and the videos of the team that the form names.

    Raises Http404 where there is none.
    """
    tag = get_object_or_404(access.editable_tags(request.user), pk=tag_id)
    videos = access.editable_videos(request.user).filter(team=tag.team_id, pk__in=videos_in(request.POST))
    found = list(videos.values_list("pk", flat=True))
    if not found:
        raise Http404
    return tag, found


def _put_on(request: HttpRequest, tag: Tag, videos: Sequence[UUID], here: str) -> HttpResponseBase:
    new = services.put_on(tag, videos)
    if not new:
        words = ngettext("It has the tag “%(tag)s” already.", "They have the tag “%(tag)s” already.", len(videos))
        return done(request, words % {"tag": tag.name}, here)
    words = ngettext("Tagged %(n)d video “%(tag)s”.", "Tagged %(n)d videos “%(tag)s”.", len(new))
    undo = reverse("videos:take_off", args=[tag.pk])
    return done(request, words % {"n": len(new), "tag": tag.name}, here, undo, _fields(new))


def _take_off(request: HttpRequest, tag: Tag, videos: Sequence[UUID], here: str) -> HttpResponseBase:
    had = services.take_off(tag, videos)
    if not had:
        return refused(request, _("None of these videos has the tag “%(tag)s”.") % {"tag": tag.name}, here)
    words = ngettext(
        "Removed the tag “%(tag)s” from %(n)d video.", "Removed the tag “%(tag)s” from %(n)d videos.", len(had)
    )
    undo = reverse("videos:put_on", args=[tag.pk])
    return done(request, words % {"n": len(had), "tag": tag.name}, here, undo, _fields(had))


def _fields(videos: Sequence[UUID]) -> dict[str, str]:
    return {"videos": ",".join(map(str, videos))}


@require_POST
def rename(request: HttpRequest, tag_id: UUID) -> HttpResponseBase:
    tag = get_object_or_404(access.editable_tags(request.user), pk=tag_id)
    here, name = reverse("videos:tags"), TagForm.name_in(request)
    if not name:
        return _no_name(request, here)
    try:
        services.rename_tag(tag, name=name)
    except services.TagNameTaken:
        words = _("There is already a tag called “%(tag)s”. To make one of both, merge them.")
        return refused(request, words % {"tag": name}, here)
    undo = reverse("videos:rename_tag", args=[tag.pk])
    return done(request, _("Renamed to “%(title)s”.") % {"title": name}, here, undo, {"tag": tag.name})


@require_POST
def merge(request: SignedInRequest, tag_id: UUID) -> HttpResponseBase:
    """Makes one tag of two: all videos of this one get the tag `into`."""
    mine = access.editable_tags(request.user)
    tag = get_object_or_404(mine, pk=tag_id)
    name = TagForm.name_in(request)
    into = services.named(tag.team, name) if name else None
    if into is None or into.pk == tag.pk:
        return refused(request, _("Choose another tag to merge into."), reverse("videos:tags"))
    services.merge_tag(tag, into=into, user=request.user)
    words = _("Merged “%(tag)s” into “%(into)s”.") % {"tag": tag.name, "into": into.name}
    return done(request, words, reverse("videos:tags"), reverse("videos:restore_tag", args=[tag.pk]))


@require_POST
def delete(request: SignedInRequest, tag_id: UUID) -> HttpResponseBase:
    tag = get_object_or_404(access.editable_tags(request.user), pk=tag_id)
    services.delete_tag(tag, user=request.user)
    words = _("Deleted the tag “%(tag)s”. The videos stay.") % {"tag": tag.name}
    return done(request, words, reverse("videos:tags"), reverse("videos:restore_tag", args=[tag.pk]))


@require_POST
def restore(request: SignedInRequest, tag_id: UUID) -> HttpResponseBase:
    tag = get_object_or_404(access.restorable_tags(request.user), pk=tag_id)
    here = reverse("videos:tags")
    try:
        services.restore_tag(tag, user=request.user)
    except services.TagNameTaken:
        return refused(request, _("There is a tag called “%(tag)s” again.") % {"tag": tag.name}, here)
    return done(request, _("Restored the tag “%(tag)s”.") % {"tag": tag.name}, here)
