"""Records what is done with teams, members, invitations and accounts; accounts tell it by signals, standing below."""

from typing import Any
from uuid import UUID

from webapp.accounts.models import AccessToken, Invitation, Team, User
from webapp.audit.action_choices import Action, SubjectKind
from webapp.audit.services import AuditSubject, record, subject_of
from webapp.audit.sign_in_services import record_in_teams


def record_team_act(
    act: str,
    team_id: UUID,
    by: User | None,
    about: User | Invitation | AccessToken | Team,
    before: Any = None,
    after: Any = None,
    **_: object,
) -> None:
    """Receives `team_act`."""
    record(by, Action(act), _subject(about), team_id=team_id, before=before, after=after)


def record_account_act(
    act: str, user: User, by: User | str | None = None, before: Any = None, after: Any = None, **_: object
) -> None:
    """Receives `account_act`: an account belongs to each team that the person is in."""
    record_in_teams(by or user, user, Action(act), before=before, after=after)


def _subject(about: User | Invitation | AccessToken | Team) -> AuditSubject:
    if isinstance(about, Invitation):
        return subject_of(SubjectKind.INVITATION, about, about.note or about.email or str(about.get_role_display()))
    if isinstance(about, AccessToken):
        return subject_of(SubjectKind.TOKEN, about)
    return subject_of(SubjectKind.TEAM if isinstance(about, Team) else SubjectKind.MEMBER, about)
