"""Plain functions that make rows for tests; every argument has a default."""

from datetime import timedelta
from itertools import count
from typing import Any
from uuid import uuid4

from django.utils import timezone

from webapp.accounts.models import AccessToken, Invitation, Membership, Role, Team, TokenScope, User
from webapp.digests import sha256_of
from webapp.jobs.models import Job, JobKind

PASSWORD = "a long enough phrase"
_numbers = count(1)


def make_team(name: str = "Newsroom", **fields: Any) -> Team:
    return Team.objects.create(name=name, **fields)


def make_user(name: str = "", *, team: Team | None = None, role: str = Role.EDITOR, password: str = PASSWORD) -> User:
    name = name or f"user{next(_numbers)}"
    user = User.objects.create_user(f"{name}@example.org", password, name=name.capitalize())
    if team is not None:
        Membership.objects.create(team=team, user=user, role=role)
    return user


def make_invitation(team: Team, token: str = "", **fields: Any) -> Invitation:
    """A link `/join/TOKEN/` for a viewer, made by an owner and good for a day."""
    given: dict[str, Any] = {"role": Role.VIEWER, "expires_at": timezone.now() + timedelta(days=1)} | fields
    if "created_by" not in given:
        given["created_by"] = make_user(team=team, role=Role.OWNER)
    return Invitation.objects.create(team=team, token_hash=sha256_of(token or uuid4().hex), **given)


def make_token(user: User, team: Team, secret: str = "", **fields: Any) -> AccessToken:
    """A token for writing that works for a day."""
    usual: dict[str, Any] = {"name": "CI", "scope": TokenScope.WRITE, "expires_at": timezone.now() + timedelta(days=1)}
    return AccessToken.objects.create(
        user=user, team=team, token_hash=sha256_of(secret or uuid4().hex), **usual | fields
    )


def make_job(*, team: Team | None = None, kind: str = JobKind.ANALYSIS, **fields: Any) -> Job:
    """A row only: nothing is sent to a queue."""
    return Job.objects.create(
        team=team or make_team(), kind=kind, subject_id=fields.pop("subject_id", uuid4()), **fields
    )
