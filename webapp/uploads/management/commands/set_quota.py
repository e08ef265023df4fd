"""Sets how much a team or a person may store: `manage.py set_quota team Newsroom 50`."""

from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from webapp.accounts.email_rules import canonical_email
from webapp.accounts.models import Team, User
from webapp.team_scope import across_teams
from webapp.uploads import quota_queries, quota_services, rules

USUAL, UNLIMITED = "default", "none"


class Command(BaseCommand):
    help = "Sets the storage quota of a team or a person, and prints what is used."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("kind", choices=("team", "person"))
        parser.add_argument("whose", help="the team's name or id, or the person's e-mail address")
        parser.add_argument("quota", help=f"in GB; {UNLIMITED!r} for no quota, {USUAL!r} for that of the installation")

    @across_teams()
    def handle(self, *args: Any, **options: Any) -> None:
        whose = _team(options["whose"]) if options["kind"] == "team" else _person(options["whose"])
        quota_services.set_quota(whose, _bytes(options["quota"]))
        use = quota_queries.of_team(whose) if isinstance(whose, Team) else quota_queries.of_person(whose)
        allowed = "no quota" if use.allowed_bytes is None else f"a quota of {rules.size(use.allowed_bytes)}"
        self.stdout.write(f"{whose}: {rules.size(use.used_bytes)} used, {allowed}.")


def _team(text: str) -> Team:
    try:
        found = list(Team.objects.filter(pk=UUID(text)))
    except ValueError:
        found = list(Team.objects.filter(name=text))
    if len(found) != 1:
        known = "; ".join(f"{team.name} ({team.pk})" for team in found) or "none"
        raise CommandError(f"Teams called {text!r}: {known}. Name one, or give its id.")
    return found[0]


def _person(email: str) -> User:
    user = User.objects.filter(email=canonical_email(email)).first()
    if user is None:
        raise CommandError(f"There is no account with the e-mail address {email!r}.")
    return user


def _bytes(text: str) -> int | None:
    if text in (USUAL, UNLIMITED):
        return None if text == USUAL else 0
    try:
        gigabytes = float(text)
    except ValueError as error:
        raise CommandError(f"{text!r}: expected a number of GB, {UNLIMITED!r} or {USUAL!r}") from error
    if not 0 < gigabytes < 10**6:
        raise CommandError(f"{text!r}: expected more than 0 GB")
    return int(gigabytes * 1024**3)
