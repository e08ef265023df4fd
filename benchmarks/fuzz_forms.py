"""Every call of the table of routes with other fields, encodings and headers: no error, no other team changed."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING, Any

from benchmarks.fuzz_cases import FOREIGN, FuzzKind, Missed, Place
from benchmarks.fuzz_form_bodies import (
    body_of,
    changed_fields,
    odd_headers,
    odd_part,
    query_of,
)
from benchmarks.fuzz_web import Sender, WebAnswer, database_of, sessions_of, things_called

if TYPE_CHECKING:
    from tests.webapp.route_calls import Call
    from tests.webapp.route_things import TeamThings

NEW_TEAM_EVERY = 150
"""What a team has is used up by and by: videos are deleted, people merged, sessions ended."""
LOOK_EVERY = 100
IN_TIME = frozenset({"videos_upload", "datasets_importupload", "people_introduction", "videos_analysis"})
"""Tables of which only new and lost rows count: what stands in them changes when nobody goes on with something."""
ROUND_S, MOST_ROUNDS = 25, 4
"""The product looks through what is left undone now and then."""
LEFT_OUT = ("ws/", "profile/oidc")
BY_THEMSELVES = frozenset(
    {
        "django_session",
        "usersessions_usersession",
        "accounts_signincounter",
        "uploads_storageaccount",
        "jobs_job",
        "jobs_turn",
    }
)
"""Tables that the product itself changes in the course of time, or whose rows end a job that was made half done."""


FOREIGN_SHARE = 0.03


def some_foreign(ids: Mapping[str, Any], random: Random) -> dict[str, Any]:
    """Returns a few ids of another team; no token, which lets in whoever was handed it: that is what it is for."""
    return {name: ids[name] for name in ids if random.random() < FOREIGN_SHARE and not name.endswith("token")}


class ChangedForms(FuzzKind):
    """One call for each case, by somebody of one team; another team's rows are compared again and again."""

    name = "forms"
    needs_product = True

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self._open = ExitStack()
        self._made = 0
        self._since_look: list[str] = []

    def __enter__(self) -> ChangedForms:
        assert self.place.data_dir is not None
        self._open.enter_context(database_of(self.place.data_dir))
        from tests.webapp.route_rules import ROUTES

        self._mark = f"{time.time_ns() % 10**9:x}"
        self.calls = [
            (pattern, call)
            for pattern, calls in ROUTES.items()
            for call in calls
            if (call.method == "POST" or call.sends) and not pattern.startswith(LEFT_OUT)
        ]
        self.quiet = things_called(f"Birch{self._mark}")
        self._leave_alone(self.quiet)
        self._before = self._settled_rows()
        self._new_team()
        return self

    def __exit__(self, *error: object) -> None:
        self._open.close()

    @staticmethod
    def _leave_alone(things: TeamThings) -> None:
        """What is half done would be taken up by the product's workers, and what is deleted be purged after a while."""
        from django.apps import apps
        from django.utils import timezone

        from webapp.jobs.models import Job, Status

        at_work = Job.objects.filter(team=things.team, status__in=[Status.QUEUED, Status.RUNNING])
        at_work.update(status=Status.CANCELLED, finished_at=timezone.now())
        for model in apps.get_models():
            if any(field.name == "deleted_at" for field in model._meta.get_fields()):
                deleted = model._base_manager.filter(deleted_at__isnull=False)
                deleted.update(deleted_at=timezone.now() + timedelta(days=365))

    def _settled_rows(self) -> frozenset[tuple[Any, ...]]:
        """Waits until the product has done what it finds to do by itself with a new team."""
        rows = self._rows()
        for _ in range(MOST_ROUNDS):
            time.sleep(ROUND_S)
            before, rows = rows, self._rows()
            if rows == before:
                break
        return rows

    def _new_team(self) -> None:
        self._made += 1
        self.things: TeamThings = things_called(f"Amber{self._mark}x{self._made}")
        self._sign_in()

    def _sign_in(self) -> None:
        self.people: dict[str, Sender] = sessions_of(self.things, self.place.port)

    def run(self, random: Random, number: int) -> str:
        if number and number % NEW_TEAM_EVERY == 0:
            self._new_team()
        pattern, call = random.choice(self.calls)
        role = random.choice(("owner", "owner", "owner", "admin", "editor", "editor", "viewer", "anonymous"))
        if role not in call.may and random.random() < 0.7:
            role = random.choice(sorted(call.may & self.people.keys()) or ["owner"])
        answer = self._asked(pattern, call, role, random)
        if number % LOOK_EVERY == LOOK_EVERY - 1:
            self._expect_untouched()
        if answer.asks_to_sign_in and role != "anonymous":
            self._renew()
        return f"{answer.status // 100}xx" if answer.status < 500 else str(answer.status)

    def _asked(self, pattern: str, call: Call, role: str, random: Random) -> WebAnswer:
        from tests.webapp.route_calls import filled

        ids = self.things.ids | some_foreign(self.quiet.ids, random)
        sends = changed_fields(dict(filled(call.metadata or call.sends, ids)), random)
        url = self._address(pattern, call, ids, random)
        self._since_look.append(f"{role} {call.method} {url}")
        headers = odd_headers(random)
        if call.method != "POST":
            return self.people[role].ask(call.method, f"{url}?{query_of(sends, random)}", b"", headers)
        body, kind = body_of(sends, call.is_json, random)
        return self.people[role].ask("POST", url, body, {"Content-Type": kind} | dict(call.headers) | headers)

    def _address(self, pattern: str, call: Call, ids: dict[str, Any], random: Random) -> str:
        from tests.webapp.route_calls import filled
        from tests.webapp.route_walk import address, wished

        places = {name: str(filled(wish, ids)) for name, wish in wished(pattern, call).items()}
        if places and random.random() < 0.12:
            places[random.choice(tuple(places))] = odd_part(random, list(map(str, ids.values())))
        return address(pattern, places)

    def _renew(self) -> None:
        """Signs everybody in again; where an account is gone, there is a new team."""
        from webapp.accounts.models import Membership, User

        pks = [user.pk for user in self.things.users.values()]
        are_there = User.objects.filter(pk__in=pks, is_active=True).count() == len(pks)
        if are_there and Membership.objects.filter(user__in=pks, team=self.things.team).count() == len(pks):
            self._sign_in()
        else:
            self._new_team()

    def _rows(self) -> frozenset[tuple[Any, ...]]:
        """Returns all rows that hold an id or the word of the team which nobody here belongs to."""
        from django.db import connection

        from tests.webapp.route_walk import rows_of

        marks = {str(value).replace("-", "") for value in (*self.quiet.ids.values(), self.quiet.team.pk)}
        marks = {mark for mark in marks if len(mark) == 32} | {self.quiet.word}
        tables = set(connection.introspection.django_table_names(only_existing=True)) - BY_THEMSELVES
        held = (row for table in tables for row in rows_of(table))
        theirs = (row for row in held if any(mark in " ".join(map(str, row)) for mark in marks))
        return frozenset(row[:2] if row[0] in IN_TIME else row for row in theirs)

    def _expect_untouched(self) -> None:
        rows, asked = self._rows(), self._since_look
        gone, new = self._before - rows, rows - self._before
        self._before, self._since_look = rows, []
        if gone or new:
            shown = " | ".join(str(row)[:300] for row in [*gone, *new][:4])
            raise Missed(FOREIGN, f"after {asked}: {len(gone)} rows of another team gone, {len(new)} new: {shown}")
