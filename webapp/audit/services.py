"""Writes the audit log: `record` is what every view and service calls."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.db import IntegrityError, models, transaction
from django.http import HttpRequest
from django.utils import timezone

from webapp.accounts.models import User
from webapp.audit.action_choices import Action, SubjectKind
from webapp.audit.chain_codec import BEGINNING, COLUMNS, canonical_json, entry_hash, keys, seal_of
from webapp.audit.models import INSTALLATION, AuditChain, AuditEntry
from webapp.audit.origin_info import current_origin, origin_of
from webapp.team_scope import across_teams

Actor = HttpRequest | User | AnonymousUser | str | None
"""Who did it; a text is the name of somebody without an account, None the system itself."""

NAME_LENGTH, LABEL_LENGTH, ID_LENGTH, CHANGE_LENGTH = 254, 200, 64, 20_000


@dataclass(frozen=True, slots=True)
class AuditSubject:
    """What something was done to, as text: the log outlives it."""

    kind: SubjectKind
    id: str
    label: str


def subject_of(kind: SubjectKind, thing: models.Model, label: str = "") -> AuditSubject:
    """Returns a row as a subject, under its own name unless there is a `label`."""
    return AuditSubject(kind, str(thing.pk), label or str(thing))


def record(
    actor: Actor,
    action: Action,
    subject: AuditSubject,
    *,
    team_id: UUID | None,
    before: Any = None,
    after: Any = None,
) -> None:
    """Adds one entry to the team's chain, in the transaction of the caller: without the entry, no change.

    `before` and `after` are JSON values; `team_id` is None for what belongs to no team.
    """
    record_all(actor, action, [subject], team_id=team_id, before=before, after=after)


def record_all(
    actor: Actor,
    action: Action,
    subjects: Sequence[AuditSubject],
    *,
    team_id: UUID | None,
    before: Any = None,
    after: Any = None,
) -> None:
    """Adds an entry for each subject, with one insert."""
    origin = origin_of(actor) if isinstance(actor, HttpRequest) else current_origin()
    user_id, user_name = _identity(actor.user if isinstance(actor, HttpRequest) else actor, origin.token_name)
    same = {"at": timezone.now(), "user_id": user_id, "user_name": user_name, "action": action.value}
    same |= {"address": _clean(origin.address), "agent": _clean(origin.agent)}
    same |= {"before": _as_text(before), "after": _as_text(after)}
    entries = [
        {
            **same,
            "subject_kind": subject.kind.value,
            "subject_id": _clean(subject.id)[:ID_LENGTH],
            "subject_label": _clean(subject.label)[:LABEL_LENGTH],
        }
        for subject in subjects
    ]
    if entries:
        _append(team_id or INSTALLATION, entries)


@across_teams()
def _append(team_id: UUID, entries: Sequence[Mapping[str, Any]]) -> None:
    """Chains and stores them. Whoever moves the head first goes first: the others wait for its row, and read again."""
    key = keys()[0]
    with transaction.atomic():
        while True:
            chain = _chain_of(team_id)
            rows, last_hash = _chained(key, chain, entries)
            if move_head(key, chain, last_number=chain.last_number + len(rows), last_hash=last_hash):
                break
        AuditEntry.objects.bulk_create(rows)


def _chained(key: bytes, chain: AuditChain, entries: Sequence[Mapping[str, Any]]) -> tuple[list[AuditEntry], bytes]:
    previous, team, rows = bytes(chain.last_hash), str(chain.team_id), []
    for number, fields in enumerate(entries, chain.last_number + 1):
        values = {"number": number, **fields}
        previous = entry_hash(key, previous, team, [values[column] for column in COLUMNS])
        rows.append(AuditEntry(team_id=chain.team_id, hash=previous, **values))
    return rows, previous


def move_head(key: bytes, chain: AuditChain, **fields: Any) -> bool:
    """Sets fields of a chain's head and seals it; returns False where somebody else has changed it meanwhile."""
    seal = bytes(chain.seal)
    for name, value in fields.items():
        setattr(chain, name, value)
    there = AuditChain.objects.filter(pk=chain.pk, seal=seal)
    return there.update(**fields, seal=seal_of(key, chain)) == 1


def _chain_of(team_id: UUID) -> AuditChain:
    return AuditChain.objects.filter(pk=team_id).first() or _begin(team_id)


def _begin(team_id: UUID) -> AuditChain:
    """Begins a chain. The installation's counts the others, so that one that goes as a whole is missed."""
    chain = AuditChain(team_id=team_id, last_hash=BEGINNING, anchor_hash=BEGINNING)
    chain.seal = seal_of(keys()[0], chain)
    try:
        with transaction.atomic():
            chain.save(force_insert=True)
            while team_id != INSTALLATION:
                first = _chain_of(INSTALLATION)
                if move_head(keys()[0], first, chains=first.chains + 1):
                    break
    except IntegrityError:  # begun by somebody else a moment ago
        return AuditChain.objects.get(pk=team_id)
    return chain


def _identity(user: User | AnonymousUser | str | None, token_name: str) -> tuple[int | None, str]:
    if isinstance(user, User):
        name = f"{user} by token {token_name}" if token_name else str(user)
        return user.pk, _clean(name)[:NAME_LENGTH]
    return None, _clean(user)[:NAME_LENGTH] if isinstance(user, str) else ""


def _as_text(value: Any) -> str:
    """Returns a change as canonical JSON; one that is too long to read says only how long it is."""
    if value is None:
        return ""
    text = _clean(canonical_json(value))
    return text if len(text) <= CHANGE_LENGTH else canonical_json({"characters": len(text)})


def _clean(text: str) -> str:
    """Returns what every database can store: PostgreSQL refuses NUL, and neither takes half a character."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()
