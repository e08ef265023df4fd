"""Records what is only looked at, once in a while: players ask for a video in hundreds of ranges, pages refresh."""

import time
from uuid import UUID

from django.http import HttpRequest, HttpResponseBase

from webapp.audit.action_choices import Action
from webapp.audit.services import AuditSubject, record

SESSION_KEY = "audit_seen"
MOST_REMEMBERED = 100
"""Per session. What was looked at before that is recorded again."""
SEEN_WITHIN_S = 600


def record_seen(request: HttpRequest, subject: AuditSubject, *, team_id: UUID) -> None:
    """Records that a page was seen, unless this session has seen it within ten minutes."""
    _record_once(request, Action.SEEN, subject, team_id, SEEN_WITHIN_S)


def record_sent(
    request: HttpRequest, action: Action, subject: AuditSubject, response: HttpResponseBase, *, team_id: UUID
) -> None:
    """Records that a file was played or downloaded: the first range of each session, and every whole download."""
    if request.method != "GET" or response.status_code not in (200, 206):
        return
    if action == Action.DOWNLOADED and response.status_code == 200:
        record(request, action, subject, team_id=team_id)
    else:
        _record_once(request, action, subject, team_id, None)


def _record_once(
    request: HttpRequest, action: Action, subject: AuditSubject, team_id: UUID, within_s: float | None
) -> None:
    """Remembers it in the session, which a restart of the server does not empty."""
    seen: dict[str, int] = request.session.get(SESSION_KEY, {})
    key, now = f"{action}:{subject.id}", int(time.time())
    if key in seen and (within_s is None or now - seen[key] < within_s):
        return
    latest = sorted((at, each) for each, at in seen.items() if each != key)[-(MOST_REMEMBERED - 1) :]
    request.session[SESSION_KEY] = {each: at for at, each in latest} | {key: now}
    record(request, action, subject, team_id=team_id)
