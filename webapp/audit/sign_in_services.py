"""Records who signed in, failed to, and signed out, from Django's own signals: in each team that the person is in."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest

from webapp.accounts.email_rules import canonical_email
from webapp.accounts.models import Membership, User
from webapp.audit.action_choices import Action, SubjectKind
from webapp.audit.services import AuditSubject, record, subject_of
from webapp.team_scope import across_teams


def signed_in(user: User, request: HttpRequest | None = None, **_: object) -> None:
    record_in_teams(user, user, Action.SIGNED_IN)


def signed_out(user: User | None = None, request: HttpRequest | None = None, **_: object) -> None:
    if user is not None:
        record_in_teams(user, user, Action.SIGNED_OUT)


def sign_in_failed(credentials: dict[str, Any], request: HttpRequest | None = None, **_: object) -> None:
    """Keeps what was typed as the e-mail address; where nobody has it, in the installation's own chain."""
    email = str(credentials.get("username") or credentials.get("email") or "").strip()
    user = User.objects.filter(email=canonical_email(email)).first()
    if user is None:
        subject = AuditSubject(SubjectKind.ACCOUNT, "", email)
        return record(email, Action.SIGN_IN_FAILED, subject, team_id=None)
    return record_in_teams(email, user, Action.SIGN_IN_FAILED)


@across_teams()
def record_in_teams(
    actor: User | str | None, user: User, action: Action, *, before: Any = None, after: Any = None
) -> None:
    """Records an act on an account in each team of the person; of somebody in none, for the installation."""
    teams: list[UUID | None] = list(Membership.objects.filter(user=user).values_list("team_id", flat=True))
    for team_id in teams or [None]:
        record(actor, action, subject_of(SubjectKind.ACCOUNT, user), team_id=team_id, before=before, after=after)
