"""Plain functions that make links which show something to people without an account."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.utils import timezone

from webapp.accounts.models import User
from webapp.digests import sha256_of
from webapp.sharing.models import ShareKind, ShareLink
from webapp.videos.models import Video


def make_share_link(video: Video | None, by: User, token: str = "", **fields: Any) -> ShareLink:
    """A link to a whole video, unless `fields` say otherwise, whose secret is `token`."""
    usual: dict[str, Any] = {
        "kind": ShareKind.VIDEO if "export" not in fields else ShareKind.EXPORT if video is None else ShareKind.MOMENT,
        "team": fields["export"].team if video is None else video.team,
        "expires_at": timezone.now() + timedelta(days=7),
        "token_hash": sha256_of(token or uuid4().hex),
    }
    return ShareLink.objects.create(video=video, created_by=by, **(usual | fields))
