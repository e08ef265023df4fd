"""The page of the audit log, and its download, for who manages the team."""

from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from webapp.accounts.context_processors import managed_team
from webapp.audit import queries, words
from webapp.audit.action_choices import Action, SubjectKind
from webapp.audit.csv_responses import csv_response
from webapp.audit.forms import AuditFilterForm
from webapp.audit.models import AuditEntry
from webapp.audit.services import record, subject_of

FILTERS = ("q", "who", "action", "kind", "subject", "since", "until")


@require_GET
@never_cache
def audit_log(request: HttpRequest) -> HttpResponse:
    team, form = managed_team(request), AuditFilterForm(request.GET)
    page = queries.page(team.pk, form.wanted(), **form.place())
    chosen: dict[str, Any] = {name: form.cleaned_data.get(name) or "" for name in FILTERS}
    context = {
        "rows": [_row(entry) for entry in page.entries],
        "page": page,
        "chosen": chosen | {day: chosen[day] and chosen[day].isoformat() for day in ("since", "until")},
        "is_filtered": any(chosen.values()),
        "count": queries.how_many(team.pk),
        "people": queries.people_to_choose(team.pk),
        "actions": Action.choices,
        "kinds": SubjectKind.choices,
        "days": settings.AUDIT_DAYS,
        "export_query": _query_string(request),
    }
    return render(request, "audit/list.html", context)


@require_GET
async def export(request: HttpRequest) -> HttpResponseBase:
    """Sends what the filters allow as CSV, and records that it did."""
    team = await sync_to_async(managed_team)(request)
    form = AuditFilterForm(request.GET)
    wanted = form.wanted()
    asked = {name: str(form.cleaned_data[name]) for name in FILTERS if form.cleaned_data.get(name)}
    subject = subject_of(SubjectKind.AUDIT_LOG, team)
    await sync_to_async(record)(request, Action.EXPORTED, subject, team_id=team.pk, after=asked or None)
    return csv_response(team.pk, wanted, "audit-log.csv")


def _row(entry: AuditEntry) -> dict[str, Any]:
    return {
        "entry": entry,
        "action": words.action_label(entry.action),
        "kind": words.kind_label(entry.subject_kind),
        "changes": words.changes(entry),
        "new_name": words.new_name(entry),
    }


def _query_string(request: HttpRequest) -> str:
    kept = request.GET.copy()
    for name in ("before", "after"):
        kept.pop(name, None)
    return kept.urlencode()
