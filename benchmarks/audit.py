"""The audit log with 100,000 entries: its page, however filtered, its verification, and what writing an entry costs.

SQLite as the product sets it up, pages by Django's own client. Each figure is a median.
`python -m benchmarks audit [--entries 100000] [--rounds 9] [--writes 400]`
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from statistics import median
from typing import Any
from unittest.mock import patch

from benchmarks.scratch_team import make_team, scratch_product
from benchmarks.shared import say

PAGE_MS, VERIFY_S, WRITE_MS = 200, 5, 2
DAYS = 300
"""The entries are spread over so many."""
MEMBERS, BATCH, AT_ONCE = 20, 1000, 50
PASSWORD = "a long enough phrase"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--writes", type=int, default=400)
    args = parser.parse_args()
    os.environ["ROLLCALL_HOSTS"] = "testserver"
    with scratch_product() as scratch, tempfile.TemporaryDirectory(dir=scratch) as static:
        _collect_static_files(static)
        is_met = _measure(args.entries, args.rounds, args.writes)
    sys.exit(0 if is_met else 1)


def _measure(entries: int, rounds: int, writes: int) -> bool:
    team = make_team("Many")
    users = _members(team)
    began = time.perf_counter()
    _fill(team, users, entries)
    print(f"{entries:,} entries of {MEMBERS} people over {DAYS} days, made in {time.perf_counter() - began:.0f} s")
    page_ms = _pages(users[0], entries, rounds)
    verify_s = _verification(rounds=3)
    write_ms = _writing(team, users, writes)
    say("slowest page, ms", page_ms, f"< {PAGE_MS}", 0)
    say("verification of all, s", verify_s, f"< {VERIFY_S}", 2)
    say("an entry in a request of its own, ms", write_ms, f"< {WRITE_MS}", 2)
    is_met = page_ms < PAGE_MS and verify_s < VERIFY_S and write_ms < WRITE_MS
    figures = f"page {page_ms:.0f} ms, verification {verify_s:.2f} s, writing {write_ms:.2f} ms a request"
    print(f"audit: {figures}: {'met' if is_met else 'MISSED'}")
    return is_met


def _collect_static_files(folder: str) -> None:
    """Pages name their scripts and styles by what is collected."""
    from django.conf import settings
    from django.core.management import call_command

    settings.STATIC_ROOT = folder
    call_command("collectstatic", verbosity=0, interactive=False)


def _members(team: Any) -> list[Any]:
    from webapp.accounts.models import Membership, Role, User

    users = [User.objects.create_user(f"{n}@example.org", PASSWORD, name=f"Member {n}") for n in range(MEMBERS)]
    for user in users:
        Membership.objects.create(team=team, user=user, role=Role.ADMIN)
    return users


def _fill(team: Any, users: list[Any], entries: int) -> None:
    from django.utils import timezone

    from webapp.audit.action_choices import Action
    from webapp.audit.services import record_all

    actions, real = list(Action), timezone.now
    for first in range(0, entries, BATCH):
        count = min(BATCH, entries - first)
        at = real() - timedelta(days=DAYS * (1 - first / entries))
        with patch.object(timezone, "now", lambda at=at: at):
            turn = first // BATCH
            change = {"before": {"name": f"Person {turn}"}, "after": {"name": "Anna Berger"}}
            subjects = [_subject(first + number) for number in range(count)]
            record_all(users[turn % MEMBERS], actions[turn % len(actions)], subjects, team_id=team.pk, **change)


def _subject(number: int) -> Any:
    from webapp.audit.action_choices import SubjectKind
    from webapp.audit.services import AuditSubject

    return AuditSubject(SubjectKind.PERSON, f"{number % 5000:036d}", f"Person {number % 5000}")


def _pages(user: Any, entries: int, rounds: int) -> float:
    """Returns the median of the slowest page, in milliseconds."""
    from django.test import Client
    from django.utils import timezone

    client = Client()
    client.force_login(user)
    long_ago = (timezone.localdate() - timedelta(days=DAYS - 2)).isoformat()
    asked = {
        "newest": "",
        "in the middle": f"before={entries // 2}",
        "oldest": "before=40",
        "text that is there": "q=person+4999",
        "text that is nowhere": "q=nobody+is+called+so",
        "one person": f"who={user.pk}",
        "one action": "action=restored",
        "one kind, nowhere": "kind=invitation",
        "one subject": f"subject={4999:036d}",
        "days long ago": f"until={long_ago}",
        "a person, an action and text": f"who={user.pk}&action=played&q=anna",
    }
    taken = {}
    for name, query in asked.items():
        taken[name] = 1000 * _median_s(lambda query=query: _get(client, query), rounds)  # type: ignore[misc]
        print(f"  page, {name:32s} {taken[name]:7.1f} ms")
    return max(taken.values())


def _get(client: Any, query: str) -> None:
    assert client.get(f"/audit/?{query}").status_code == 200


def _verification(rounds: int) -> float:
    from webapp.audit.verification_queries import Verified, verify_all

    def verified() -> None:
        assert all(isinstance(each, Verified) for each in verify_all())

    return _median_s(verified, rounds)


def _writing(team: Any, users: list[Any], writes: int) -> float:
    """Returns what one entry costs that a request writes; prints what several of one request cost together."""
    from webapp.audit.action_choices import Action
    from webapp.audit.services import record, record_all

    def one() -> None:
        record(users[0], Action.SEEN, _subject(1), team_id=team.pk)

    subjects = [_subject(number) for number in range(AT_ONCE)]
    several = 1000 * _median_s(
        lambda: record_all(users[0], Action.DELETED, subjects, team_id=team.pk), max(3, writes // AT_ONCE)
    )
    print(f"  {AT_ONCE} entries of one request, one insert {several:7.1f} ms")
    return 1000 * _median_s(one, writes)


def _median_s(act: Callable[[], object], rounds: int) -> float:
    taken = []
    for _ in range(rounds):
        began = time.perf_counter()
        act()
        taken.append(time.perf_counter() - began)
    return median(taken)
