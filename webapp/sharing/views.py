"""Pages of the makers of links: a new one, the list, and what its buttons do."""

from typing import Any
from uuid import UUID

from django.contrib.auth.hashers import make_password
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from webapp import access
from webapp.accounts.context_processors import team_of
from webapp.accounts.request_types import SignedInRequest
from webapp.exports import words as exports_words
from webapp.exports.services import NoRoomForExport, TooManyExports
from webapp.http.ids import uuid_or_none, uuids_in
from webapp.http.responses import SeeOther, done, refused
from webapp.jobs.idempotency_responses import starts_work
from webapp.sharing import people_queries, queries, services, words
from webapp.sharing.forms import ShareForm
from webapp.sharing.models import ShareLink
from webapp.sharing.services import ShareWish
from webapp.sharing.subject_context import ShareSubject, proposal, subject_in
from webapp.uploads.rules import Refused
from webapp.videos.media_info import is_playable
from webapp.videos.models import Playback

Made = list[tuple[ShareLink, str]]


@require_GET
def list_page(request: SignedInRequest) -> HttpResponse:
    """Lists the team's links, or with ?video= those to one video and its moments."""
    team = team_of(request)
    links = access.visible_share_links(request.user).filter(team=team)
    if (video_id := uuid_or_none(request.GET.get("video", ""))) is not None:
        links = links.filter(video=video_id)
    changeable = set(access.changeable_share_links(request.user).filter(team=team).values_list("pk", flat=True))
    context = {
        "page": queries.page_of_links(links, changeable, request.GET.get("page")),
        "may_share": team is not None and access.sharing_teams(request.user).filter(pk=team.pk).exists(),
        "is_of_video": video_id is not None,
    }
    return render(request, "sharing/list.html", context)


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def new(request: SignedInRequest) -> HttpResponseBase:
    """Asks what the link shows and for how long, and shows it, this once."""
    fields = request.POST if request.method == "POST" else request.GET
    try:
        subject = subject_in(request.user, fields)
    except services.MayNotShare:
        return render(request, "sharing/not_allowed.html", status=404)
    if subject.video is not None and not is_playable(subject.video):
        return refused(request, str(words.NOT_PLAYABLE), reverse("videos:detail", args=[subject.video.pk]))
    if request.method != "POST":
        return _page(request, subject, subject.form(None, proposal(subject, request.GET)))
    form = subject.form(request.POST)
    if not form.is_valid():
        return _page(request, subject, form)
    made: Made = []
    response = _make(request, subject, _wish(request, subject, form), made)
    return _shown(request, *made[0]) if made else response


@starts_work
def _make(request: SignedInRequest, subject: ShareSubject, wish: ShareWish, made: Made) -> HttpResponseBase:
    """Makes the link, once. What is kept for a repeated request is a way to the list: the secret is kept nowhere."""
    here = reverse("sharing:list")
    try:
        made.append(services.make_link(wish, team=subject.team, user=request.user))
    except services.MayNotShare:
        return refused(request, str(words.CANNOT), here)
    except TooManyExports:
        return refused(request, str(exports_words.TOO_MANY), reverse("exports:list"))
    except Refused as error:
        return refused(request, str(error), here)
    except NoRoomForExport:
        return refused(request, str(exports_words.NO_ROOM), here)
    return SeeOther(here)


def _wish(request: SignedInRequest, subject: ShareSubject, form: ShareForm) -> ShareWish:
    chosen, asked = uuids_in(request.POST.getlist("person")), form.cleaned_data
    return ShareWish(
        video=subject.video,
        export=subject.export,
        moment=form.moment(),
        title=asked["title"],
        people=[person for person in subject.people() if person.pk in chosen],
        days=asked["days"],
        password=make_password(asked["password"]) if asked["password"] else "",
        may_download=asked["may_download"],
    )


@require_POST
@never_cache
def renew(request: SignedInRequest, link_id: UUID) -> HttpResponseBase:
    """Makes a new link in place of the one before."""
    own = access.changeable_share_links(request.user).filter(team__in=access.sharing_teams(request.user))
    link = get_object_or_404(own.select_related("video", "export__job"), pk=link_id)
    secret = services.renew(link, by=request.user)
    if secret is None:
        return refused(request, _("This link has ended. Share it again."), reverse("sharing:list"))
    return _shown(request, link, secret, replaces=True)


@require_GET
@never_cache
def seen(request: SignedInRequest, link_id: UUID) -> HttpResponse:
    """Says what visitors see now, for the page of a new link, whose clip may still be in the making."""
    links = access.visible_share_links(request.user).select_related("video", "export__job", "created_by")
    return render(request, "sharing/_seen.html", _seen(get_object_or_404(links, pk=link_id)))


@require_POST
def revoke(request: SignedInRequest, link_id: UUID) -> HttpResponseBase:
    link = get_object_or_404(access.changeable_share_links(request.user).select_related("video", "export"), pk=link_id)
    if not services.revoke(link, by=request.user):
        return refused(request, _("This link had already ended."), reverse("sharing:list"))
    return done(request, _("Revoked. The link no longer works."), reverse("sharing:list"))


def _shown(request: SignedInRequest, link: ShareLink, secret: str, *, replaces: bool = False) -> HttpResponse:
    address = request.build_absolute_uri(reverse("shared:page", args=[secret]))
    context = _seen(link) | {"what": words.what_of(link), "link": address, "replaces": replaces}
    return render(request, "sharing/made.html", context)


def _seen(link: ShareLink) -> dict[str, Any]:
    people = [person.label for person in people_queries.listed_people(link)]
    return {"shared": link, "people": people, "state": queries.state_of(link)}


def _page(request: SignedInRequest, subject: ShareSubject, form: ShareForm) -> HttpResponse:
    chosen = uuids_in(request.POST.getlist("person"))
    person = uuid_or_none(request.GET.get("person", ""))
    people = list(subject.people())
    if not form.is_bound:
        chosen = (person,) if person else ()
    context: dict[str, Any] = {
        "subject": subject,
        "form": form,
        "people": [(each, each.pk in chosen) for each in people],
        "hidden_people": list(subject.hidden_people()),
        "warnings": [line.text for line in exports_words.report_lines(subject.export) if line.is_bad]
        if subject.export
        else [],
        "has_captions": bool(subject.export and subject.export.options.get("captions")),
        "sends_original": subject.video is not None and subject.video.playback == Playback.ORIGINAL,
        "has_links": subject.video is not None and subject.video.share_links.filter(revoked_at=None).exists(),
    }
    return render(request, "sharing/new.html", context, status=422 if form.is_bound else 200)
