"""The page of what was recently deleted."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from webapp import deleted
from webapp.accounts.context_processors import team_of
from webapp.undo_period import UNDO_PERIOD


@require_GET
def recently_deleted(request: HttpRequest) -> HttpResponse:
    things = deleted.deleted_things(request.user, team_of(request))
    videos = [thing.video_id for thing in things if thing.video_id]
    context = {
        "things": things,
        "videos": ",".join(videos) if len(videos) > 1 else "",
        "minutes": int(UNDO_PERIOD.total_seconds() // 60),
    }
    return render(request, "deleted.html", context)
