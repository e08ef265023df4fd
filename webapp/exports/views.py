"""The page of exports, and what its buttons do."""

from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from webapp import access
from webapp.accounts.context_processors import team_of
from webapp.accounts.request_types import SignedInRequest
from webapp.exports import queries, services, words
from webapp.exports.moment_queries import stretches_in
from webapp.http.responses import done, refused
from webapp.jobs import lifecycle


@require_GET
def list_page(request: SignedInRequest) -> HttpResponse:
    """Lists the team's exports, or with ?by=me one's own."""
    team, is_own = team_of(request), request.GET.get("by") == "me"
    exports = access.visible_exports(request.user).filter(team=team)
    if is_own:
        exports = exports.filter(created_by=request.user)
    changeable = set(access.changeable_exports(request.user).filter(team=team).values_list("pk", flat=True))
    context = {
        "page": queries.page_of_exports(exports, changeable, request.GET.get("page")),
        "is_own": is_own,
        "may_export": team is not None and access.exporting_teams(request.user).filter(pk=team.pk).exists(),
        "may_share": team is not None and access.sharing_teams(request.user).filter(pk=team.pk).exists(),
        "days": settings.EXPORT_DAYS,
    }
    return render(request, "exports/list.html", context)


@require_GET
def detail(request: SignedInRequest, export_id: UUID) -> HttpResponse:
    """Shows an export: what it is, how far it is or what its report says, and of what it was made."""
    in_time = access.visible_exports(request.user).filter(expires_at__gt=timezone.now())
    export = get_object_or_404(in_time.select_related("job", "created_by", "team"), pk=export_id)
    videos = list(export.videos.order_by("created_at", "pk"))
    context = {
        "row": queries.row_of(
            export, is_changeable=access.changeable_exports(request.user).filter(pk=export.pk).exists()
        ),
        "sound": words.sound_of(export),
        "videos": videos,
        "people": export.people_now(),
        "people_heading": words.people_heading(export),
        "moments": stretches_in(export, videos),
        "may_share": access.sharing_teams(request.user).filter(pk=export.team_id).exists(),
    }
    return render(request, "exports/detail.html", context)


@require_POST
def cancel(request: HttpRequest, export_id: UUID) -> HttpResponseBase:
    export = get_object_or_404(access.changeable_exports(request.user), pk=export_id)
    here = reverse("exports:list")
    if not lifecycle.cancel(export.job_id):
        return refused(request, _("There was nothing to cancel: this had already ended."), here)
    return done(request, _("Cancelled."), here)


@require_POST
def delete(request: SignedInRequest, export_id: UUID) -> HttpResponseBase:
    """Deletes an export; one that a shared link shows only with `with_links`, which the question sends."""
    export = get_object_or_404(access.changeable_exports(request.user), pk=export_id)
    here = reverse("exports:list")
    if queries.links_to([export.pk]) and "with_links" not in request.POST:  # made since the page was loaded
        return refused(request, str(words.LINKED), here)
    title = words.title_of_export(export)
    services.delete_export(export, user=request.user)
    return done(request, _("Deleted “%(title)s”.") % {"title": title}, here)
