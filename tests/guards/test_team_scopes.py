"""What belongs to a team is asked for within a scope: every model, and each place that opens a scope or goes around."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db import models

from tests.guards.layout_rules import PROJECT, sources
from webapp.accounts.models import Team
from webapp.team_scope import TeamManager, TeamOwned

WITHOUT_SCOPE = {
    "accounts.User": "people are in any number of teams; `access` says whom one sees",
    "datasets.Finding_acts": "pairs of ids, asked for through one of the two",
    "exports.Export_people": "pairs of ids, asked for through one of the two",
    "exports.Export_videos": "pairs of ids, asked for through one of the two",
    "jobs.Turn": "a person's has no team; it holds times, asked for by name",
    "sharing.ShareLink_people": "pairs of ids, asked for through one of the two",
    "uploads.StorageAccount": "a person's has no team; it holds numbers, asked for by name",
    "people.Event_people": "pairs of ids, asked for through one of the two",
}
"""Models with a way to a team whose rows are not kept within a scope, and why not."""

OPENED = {
    # A scope of these teams.
    "accounts/scope_middleware.py scope_of_person": "the teams of whoever opened a websocket",
    "accounts/scope_middleware.py _scope_of": "the teams of whoever sent the request",
    "accounts/members/services.py leave": "the team that the person is no longer in when the last of it is done",
    "accounts/members/services.py remove": "the same, for who removes themselves",
    "jobs/consumers.py _states_within": "the team that the websocket was let in for",
    "jobs/lifecycle.py working_on": "the team of the job",
    "sharing/public_queries.py opened_link": "the secret says of which team something is shown; nothing else opens one",
    "library/search/queries.py search": "the one team of the person's that is searched",
    "videos/tasks.py _clear_up": "the team of the video, whose job has ended by then",
    # All teams.
    "access.py manageable_accounts": "a membership in any other team puts the account out of reach",
    "accounts/context_processors.py _find": "which teams a person is in is what scopes are made of",
    "accounts/scope_middleware.py _teams_of": "which teams a person is in is what scopes are made of",
    "accounts/closing/services.py _ending": "an account ends in all its teams, and what it had begun in those it left",
    "accounts/services.py create_first_owner": "there is no team yet",
    "accounts/invitations/queries.py by_token": "the secret lets in whoever is not in the team yet",
    "accounts/invitations/queries.py _may_give": "asks what another person may do, in a team that the guest is not in",
    "accounts/invitations/services.py mail": "mail is written when the request is over, for the invitation's team",
    "accounts/tokens/bearer_services.py user_of": "the secret says for whom, and in which team, a program acts",
    "accounts/tokens/services.py revoke_all": "a new password ends what programs may do in any team of the person",
    "accounts/tokens/queries.py count_working": "the same, asked beforehand; only a number is told",
    "accounts/invitations/services.py join": "the person is not in the team yet",
    "accounts/invitations/services.py join_as_new_person": "the person is not in the team yet",
    "audit/services.py _append": "the chain of a team hangs on the installation's; failed sign-ins are nobody's",
    "audit/sign_in_services.py record_in_teams": "nobody is signed in before signing in and after signing out",
    "audit/management/commands/verify_audit.py handle": "verifies the chains of all teams",
    "jobs/job_state.py places_in_queue": "teams share the workers; only numbers are told",
    "jobs/lifecycle.py _publish_with_places": "teams share the workers; each hears of its own jobs",
    "jobs/lifecycle.py claim": "the job says whose it is",
    "jobs/lifecycle.py claim_next": "a worker is of no team; the job says whose it is",
    "jobs/turn_queries.py line_of": "teams share the workers; each is to have its turn",
    "jobs/open_socket_services.py valid_permits": "looks after the open websockets of all people at once",
    "jobs/reaper.py reap": "finds lost work, and cleans up, for all teams",
    "jobs/reaper.py recover": "a worker that died worked for all teams",
    "jobs/reaper.py recover_children": "a process that died worked for all teams",
    "jobs/reaper.py put_back_all": "a worker that is stopped works for all teams",
    "jobs/health_queries.py unserved_queues": "teams share the workers; only names of queues are told",
    "operation/management/commands/doctor.py handle": "the operator's: counts work that waits or failed",
    "operation/management/commands/backup.py handle": "the operator's: every file has to be in it",
    "operation/metrics_services.py collect": "the operator's figures: counts and times only, of all teams at once",
    "operation/management/commands/verify.py _verify": "the operator's: every row has to have its file",
    "people/introduction/queries.py _estimated": "thresholds are a face model's, whichever team's videos gave them",
    "training/runs/services.py _trainings_of": "a person has so many in all teams together",
    "uploads/management/commands/set_quota.py handle": "the operator sets what any team may store",
    "uploads/quota_queries.py of_person": "a person stores so much in all teams together",
    "uploads/quota_queries.py unfinished_of": "a person has so many in all teams together",
    "uploads/rules.py _coming_bytes": "all uploads fill one disk; only their sum is told",
    "videos/cleanup.py clear_refused": "clears away what was refused, for all teams",
}
"""Where a scope is opened (`within_teams`), or left for all teams (`across_teams`), and why that is right."""

AROUND = {
    "team_scope.py of_teams": "is the scope's own condition",
    "accounts/closing/services.py delete": "deletes a person's own rows, of whichever kind and team",
    "jobs/health_views.py healthz": "asks whether the database answers",
    "operation/backup/database_runner.py copied": "begins and ends the transaction in which all of it is copied",
    "operation/version_services.py optimize": "has SQLite look at its indices, and no row is told",
    "jobs/readiness_services.py _ask_database": "asks whether the database answers",
    "operation/verification/queries.py _broken_database": "asks the database whether it is damaged",
    "datasets/labelling/services.py _note": "inserts what a query within the scope has selected",
    "datasets/versions/services.py _insert_samples": "inserts samples that a query within the scope has read",
    "analyses/introduction/switch_runner.py _write_embeddings": "writes to faces that queries within the scope found",
}
"""What no scope sees: SQL of its own, and the manager below `objects`."""


def _ways_to_team(model: type[models.Model], seen: frozenset[Any] = frozenset()) -> Iterator[str]:
    """Yields paths, spelt as `team_path`, by foreign keys that are never empty; only one straight to a team may be."""
    if model is Team:
        yield "pk"
        return
    for field in model._meta.concrete_fields:
        if field.name == "team_id":
            yield field.name
        to: Any = field.related_model
        if to is None or to in seen or (field.null and (seen or to is not Team)):
            continue
        for rest in _ways_to_team(to, seen | {model}):
            yield field.name if rest == "pk" else f"{field.name}__{rest}"


OF_TEAMS = {
    model._meta.label: sorted(ways, key=lambda way: (way.count("__"), way))
    for model in apps.get_models(include_auto_created=True)
    if (ways := list(_ways_to_team(model)))
}
"""The ways to a team of each model that has one, the shortest first."""


@pytest.mark.parametrize("label", sorted(OF_TEAMS.keys() - WITHOUT_SCOPE.keys()))
def test_what_belongs_to_a_team_is_kept_within_a_scope(label: str) -> None:
    model, shortest = apps.get_model(label), OF_TEAMS[label][0]
    assert issubclass(model, TeamOwned), (
        f"{label} belongs to a team ({shortest}), but any query finds the rows of all teams. Write "
        f'`class {model.__name__}(TeamOwned)` and `team_path = "{shortest}"`, see webapp/team_scope.py; or say in '
        "WITHOUT_SCOPE why not."
    )
    assert isinstance(model._default_manager, TeamManager), f"{label}: the first manager has to be a TeamManager"
    assert model._default_manager.name == "objects" and model._meta.base_manager_name is None
    assert model.team_path in OF_TEAMS[label], f"{label}: team_path has to be one of {OF_TEAMS[label]}"
    assert not _can_be_empty(model, model.team_path), f"{label}: rows without a team are found by nobody"


def _can_be_empty(model: type[models.Model], path: str) -> bool:
    first, _, rest = path.partition("__")
    field = model._meta.pk if first == "pk" else model._meta.get_field(first)
    assert isinstance(field, models.Field)
    to = field.related_model
    return field.null or (bool(rest) and isinstance(to, type) and _can_be_empty(to, rest))


def test_exceptions_are_still_needed() -> None:
    assert WITHOUT_SCOPE.keys() <= OF_TEAMS.keys()
    assert len(OF_TEAMS) > 40


def _uses(names: set[str]) -> set[str]:
    """Returns "file function" of each use of one of these names in the product."""
    found = set()
    for path in sources("webapp"):
        tree = ast.parse(path.read_text())
        for node, owner in _with_function(tree, "the module"):
            called = node.func if isinstance(node, ast.Call) else node
            name = (
                called.attr if isinstance(called, ast.Attribute) else called.id if isinstance(called, ast.Name) else ""
            )
            if name in names and (isinstance(node, ast.Call) or name.startswith("_")):
                found.add(f"{_short(path)} {owner}")
    return found


def _with_function(node: ast.AST, owner: str) -> Iterator[tuple[ast.AST, str]]:
    """Yields all nodes with the name of the function that they stand in; a decorator stands in what it decorates."""
    for child in ast.iter_child_nodes(node):
        name = child.name if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef) else owner
        yield child, name
        yield from _with_function(child, name)


def _short(path: Path) -> str:
    return str(path.relative_to(PROJECT / "webapp"))


def test_only_these_places_open_a_scope_or_leave_it() -> None:
    found = {use for use in _uses({"within_teams", "across_teams"}) if not use.startswith("team_scope.py ")}
    assert not found - OPENED.keys(), (
        "these open a scope or go across teams; where that is right, OPENED says why: ask for no more than is needed, "
        "and never in a view"
    )
    assert not OPENED.keys() - found, "these do so no more: take them out of OPENED"


def test_only_these_places_go_around_the_scope() -> None:
    found = _uses({"_base_manager", "raw", "cursor", "RawSQL"})
    assert found == AROUND.keys(), "no scope sees these queries: ask `objects`, or say in AROUND why they are right"
