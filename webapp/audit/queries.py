"""Reads the audit log of a team, filtered, in pages that begin behind a number: the last is as quick as the first."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils import timezone

from webapp.accounts.models import AccessToken, Invitation, Membership, User
from webapp.audit.action_choices import Action, SubjectKind
from webapp.audit.models import AuditChain, AuditEntry
from webapp.folded_fields import containing
from webapp.http.ids import uuids_in
from webapp.name_folding import fold

PAGE_SIZE = 50
CHUNK = 1000


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """What the entries should be; empty values allow anything. Days are those of the server's time zone."""

    text: str = ""
    """Words of a name or of what it is about, whatever their accents and case, or the beginning of an address."""
    user_id: int | None = None
    action: str = ""
    subject_kind: str = ""
    subject_id: str = ""
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class AuditPage:
    """Some entries, newest first; `older` and `newer` are the numbers that the pages beside it begin behind."""

    entries: list[AuditEntry]
    older: int | None
    newer: int | None


def filtered(team_id: UUID, wanted: AuditFilter) -> QuerySet[AuditEntry]:
    entries = AuditEntry.objects.filter(team_id=team_id)
    if wanted.text:
        entries = entries.filter(containing(wanted.text, "search_text") | Q(address__startswith=wanted.text))
    exactly = {"user_id": wanted.user_id, "action": wanted.action, "subject_kind": wanted.subject_kind}
    exactly["subject_id"] = wanted.subject_id
    entries = entries.filter(**{column: value for column, value in exactly.items() if value})
    if wanted.since:
        entries = entries.filter(at__gte=_begin_of(wanted.since))
    if wanted.until and wanted.until < date.max:
        entries = entries.filter(at__lt=_begin_of(wanted.until + timedelta(days=1)))
    return entries


def page(team_id: UUID, wanted: AuditFilter, *, before: int | None = None, after: int | None = None) -> AuditPage:
    """Returns the entries next to a number: those just older than `before`, or just newer than `after`."""
    entries = filtered(team_id, wanted)
    if after is not None and before is None:
        found = list(entries.filter(number__gt=after).order_by("number")[: PAGE_SIZE + 1])
        shown = _without_deleted_names(found[:PAGE_SIZE][::-1])
        return AuditPage(shown, after + 1, shown[0].number if len(found) > PAGE_SIZE else None)
    older_ones = entries.filter(number__lt=before) if before is not None else entries
    found = list(older_ones.order_by("-number")[: PAGE_SIZE + 1])
    shown = _without_deleted_names(found[:PAGE_SIZE])
    older = shown[-1].number if len(found) > PAGE_SIZE else None
    return AuditPage(shown, older, before - 1 if before is not None else None)


def in_chunks(team_id: UUID, wanted: AuditFilter) -> Iterator[list[AuditEntry]]:
    """Yields all entries, newest first; each chunk is its own query, so that a slow reader holds nothing open."""
    entries, before = filtered(team_id, wanted).order_by("-number"), None
    while chunk := list((entries if before is None else entries.filter(number__lt=before))[:CHUNK]):
        yield _without_deleted_names(chunk)
        before = chunk[-1].number


def how_many(team_id: UUID) -> int:
    """Returns how many entries of the team are kept, from the chain's head: nothing is counted."""
    chain = AuditChain.objects.filter(pk=team_id).first()
    return chain.last_number - chain.anchor_number if chain else 0


def people_to_choose(team_id: UUID) -> list[tuple[int, str]]:
    """Returns id and name of the members; others are found by their name as text."""
    members = Membership.objects.filter(team_id=team_id).select_related("user")
    return sorted(((each.user_id, str(each.user)) for each in members), key=lambda person: fold(person[1]))


def _without_deleted_names(entries: Sequence[AuditEntry]) -> list[AuditEntry]:
    """Hides the names of deleted accounts, which the stored rows keep: the chain is over them. Numbers still tell."""
    people = [(entry.user_id, _account_in(entry)) for entry in entries]
    asked = {key for pair in people for key in pair if key is not None}
    gone = User.objects.filter(pk__in=asked, deleted_at__isnull=False).in_bulk()
    for entry, (by, about) in zip(entries, people, strict=True):
        if by in gone or (by is None and about in gone and entry.user_name):
            entry.user_name = str(gone[by if by in gone else about])
        if about in gone:
            entry.subject_label = str(gone[about])
            if entry.subject_kind == SubjectKind.ACCOUNT:
                entry.before = entry.after = ""  # an address
    _hide_of_others(entries)
    return list(entries)


def _hide_of_others(entries: Sequence[AuditEntry]) -> None:
    """Hides whom an invitation was for and whose a token was, where that account is deleted, its tokens with it."""
    invited = [each for each in entries if each.action == Action.INVITED]
    revoked = [each for each in entries if each.action == Action.REVOKED_TOKEN and each.before]
    used = Invitation.objects.filter(used_by__deleted_at__isnull=False)
    gone = _found(used, invited)
    kept = _found(AccessToken.objects.all(), revoked)
    for entry in (each for each in invited if each.subject_id in gone):
        entry.subject_label = entry.after = ""
    for entry in (each for each in revoked if each.subject_id not in kept):
        entry.before = ""


def _found(rows: QuerySet[Any], entries: Sequence[AuditEntry]) -> set[str]:
    ids = uuids_in(entry.subject_id for entry in entries)
    return {str(key) for key in rows.filter(pk__in=ids).values_list("pk", flat=True)}


def _account_in(entry: AuditEntry) -> int | None:
    is_account = entry.subject_kind in (SubjectKind.ACCOUNT, SubjectKind.MEMBER)
    return int(entry.subject_id) if is_account and entry.subject_id.isdecimal() else None


def _begin_of(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
