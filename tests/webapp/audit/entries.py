"""What the tests of the audit log share: entries, and the database editor who tampers with them."""

from typing import Any
from uuid import UUID

from django.db import connection

from webapp.accounts.models import User
from webapp.audit.action_choices import Action, SubjectKind
from webapp.audit.models import AuditChain, AuditEntry
from webapp.audit.services import AuditSubject, record
from webapp.audit.verification_queries import Break, Verified, verify_all

TABLE = AuditEntry._meta.db_table


def subject(label: str = "Anna", kind: SubjectKind = SubjectKind.PERSON) -> AuditSubject:
    return AuditSubject(kind, "4f2c", label)


def write(user: User | str | None, team_id: UUID | None, count: int = 1, action: Action = Action.NAMED) -> None:
    for number in range(count):
        record(user, action, subject(f"Person {number}"), team_id=team_id, before={"name": ""}, after={"name": "Anna"})


def chain_of(team_id: UUID) -> AuditChain:
    return AuditChain.objects.get(pk=team_id)


def found() -> list[Verified | Break]:
    return list(verify_all())


def breaks() -> list[tuple[UUID, int | None]]:
    """Returns team and number of each break."""
    return [(each.team_id, each.number) for each in found() if isinstance(each, Break)]


def tamper(statement: str, *values: Any) -> int:
    """Does what somebody with a database client does; returns how many rows it hit."""
    with connection.cursor() as cursor:
        cursor.execute(statement.replace("ENTRIES", TABLE), values)
        return cursor.rowcount
