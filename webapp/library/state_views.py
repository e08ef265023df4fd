"""How far a video is, as JSON, for programs that upload."""

from uuid import UUID

from django.http import HttpRequest, JsonResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from webapp import access
from webapp.accounts.models import TokenScope
from webapp.accounts.tokens.bearer_middleware import takes_tokens
from webapp.library import progress_queries, video_words


@takes_tokens(TokenScope.READ)
@never_cache
@require_GET
def state(request: HttpRequest, video_id: UUID) -> JsonResponse:
    """Returns the state; `is_final` says when there is nothing more to wait for, `problem` why it failed."""
    wanted = access.visible_videos(request.user).select_related("current_job", "duplicate_of", "upload")
    video = get_object_or_404(wanted, pk=video_id)
    problem = video_words.problem(video)
    words = {"headline": problem.headline, "detail": problem.detail} if problem else None
    return JsonResponse(
        {
            "id": str(video.pk),
            "title": video.title,
            "state": video.state.value,
            "is_final": progress_queries.is_final(video),
            "percent": progress_queries.percent_of(video),
            "problem": words,
        }
    )
