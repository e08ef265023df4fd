"""Writing the audit log: what an entry holds, who waits for whom, and what the end of its time leaves."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection, transaction
from django.test import RequestFactory
from django.utils import timezone

from tests.factories import make_team
from tests.webapp.audit.entries import breaks, chain_of, subject, tamper, write
from webapp.accounts.models import Team, User
from webapp.audit import cleanup
from webapp.audit.action_choices import Action
from webapp.audit.models import INSTALLATION, AuditEntry
from webapp.audit.services import CHANGE_LENGTH, record, record_all


def request_of(user: User | AnonymousUser, agent: str = "A browser") -> Any:
    request = RequestFactory(REMOTE_ADDR="203.0.113.9").get("/", headers={"User-Agent": agent})
    request.user = user
    return request


@pytest.mark.django_db
def test_an_entry_says_who_did_what_when_from_where_and_what_it_was_before(team: Team, alice: User) -> None:
    began = timezone.now()
    change = {"before": {"name": ""}, "after": {"name": "Änna", "at": 1}}
    record(request_of(alice, "B" * 999), Action.NAMED, subject("Anna"), team_id=team.pk, **change)
    entry = AuditEntry.objects.get()
    assert (entry.team_id, entry.number, entry.user_id, entry.user_name) == (team.pk, 1, alice.pk, "Alice")
    assert (entry.action, entry.subject_kind, entry.subject_label) == ("named", "person", "Anna")
    assert (entry.address, entry.agent) == ("203.0.113.9", "B" * 200)
    assert (entry.before, entry.after) == ('{"name":""}', '{"at":1,"name":"Änna"}')
    assert began <= entry.at <= timezone.now()


@pytest.mark.django_db
@pytest.mark.parametrize("who", [None, AnonymousUser(), "mallory@example.org"])
def test_the_system_and_strangers_are_recorded_without_an_account(who: Any) -> None:
    record(who, Action.SIGN_IN_FAILED, subject(), team_id=None)
    entry = AuditEntry.objects.get()
    assert (entry.team_id, entry.user_id) == (INSTALLATION, None)
    assert entry.user_name == (who if isinstance(who, str) else "")


@pytest.mark.django_db
def test_whatever_is_recorded_verifies(team: Team, alice: User) -> None:
    for label in ("", "\0", "Ω 张伟 🎬", "\ud800", "x" * 5000, "=1+1", '"', "Anna\n\t"):
        record(alice, Action.SEEN, subject(label), team_id=team.pk, after={"label": label, "score": 1e-7, "n": 1e22})
    assert breaks() == []
    assert AuditEntry.objects.count() == 8


@pytest.mark.django_db
def test_a_change_too_long_to_read_says_how_long_it_is(team: Team, alice: User) -> None:
    record(alice, Action.MOVED, subject(), team_id=team.pk, after=["x" * CHANGE_LENGTH])
    assert AuditEntry.objects.get().after == f'{{"characters":{CHANGE_LENGTH + 4}}}'


@pytest.mark.django_db
def test_several_are_one_insert(team: Team, alice: User, django_assert_num_queries: Any) -> None:
    write(alice, team.pk)
    with transaction.atomic(), django_assert_num_queries(5):  # a savepoint, its release, head, head, entries
        record_all(alice, Action.DELETED, [subject(str(number)) for number in range(50)], team_id=team.pk)
    assert (chain_of(team.pk).last_number, breaks()) == (51, [])


@pytest.mark.django_db
def test_nothing_to_record_begins_no_chain(team: Team, alice: User) -> None:
    record_all(alice, Action.DELETED, [], team_id=team.pk)
    assert breaks() == []


@pytest.mark.django_db(transaction=True)
def test_an_entry_goes_with_a_change_that_fails(team: Team, alice: User) -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        write(alice, team.pk)
        raise RuntimeError
    assert not AuditEntry.objects.exists()
    write(alice, team.pk)
    assert breaks() == []


@pytest.mark.django_db(transaction=True)
def test_writers_at_once_make_one_chain_without_gaps(team: Team, alice: User) -> None:
    other = make_team("Another")

    def writes(turn: int) -> None:
        try:
            write(alice, (team if turn % 2 else other).pk, 20)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(writes, range(8)))
    assert [chain_of(each.pk).last_number for each in (team, other)] == [80, 80]
    assert breaks() == []


class TestRetention:
    """Entries go when their time has ended; those after them still verify."""

    @pytest.fixture
    def aged(self, team: Team, alice: User, monkeypatch: pytest.MonkeyPatch, settings: Any) -> Team:
        """A team with three entries of last month and two of today; they are kept for a week."""
        settings.AUDIT_DAYS = 7
        monkeypatch.setattr(timezone, "now", lambda now=timezone.now: now() - timedelta(days=30))
        write(alice, team.pk, 3)
        monkeypatch.undo()
        settings.AUDIT_DAYS = 7
        write(alice, team.pk, 2)
        monkeypatch.setattr(cleanup._Turn, "next_s", 0.0)
        return team

    def test_old_entries_go_and_the_rest_holds(self, aged: Team, alice: User) -> None:
        cleanup.clean_up()
        assert list(AuditEntry.objects.order_by("number").values_list("number", flat=True)) == [4, 5]
        assert chain_of(aged.pk).anchor_number == 3
        assert breaks() == []
        write(alice, aged.pk)
        assert breaks() == []

    def test_more_than_were_due_gone_are_missed(self, aged: Team) -> None:
        cleanup.clean_up()
        tamper("DELETE FROM ENTRIES WHERE number = 4")
        assert breaks() == [(aged.pk, 4)]

    def test_an_anchor_moved_by_hand_is_found(self, aged: Team) -> None:
        tamper("DELETE FROM ENTRIES WHERE number <= 4")
        chain = chain_of(aged.pk)
        chain.anchor_number = 4
        chain.save()
        assert breaks() == [(aged.pk, None)]

    @pytest.mark.expects_errors
    def test_a_broken_chain_keeps_its_evidence(self, aged: Team, logged_errors: list[str]) -> None:
        tamper("UPDATE ENTRIES SET user_name = 'Nobody' WHERE number = 2")
        cleanup.clean_up()
        assert AuditEntry.objects.count() == 5
        assert "entry 2" in logged_errors[0]

    def test_all_can_go_and_writing_goes_on(self, aged: Team, alice: User, settings: Any, monkeypatch: Any) -> None:
        monkeypatch.setattr(timezone, "now", lambda now=timezone.now: now() + timedelta(days=30))
        cleanup.clean_up()
        assert not AuditEntry.objects.exists()
        write(alice, aged.pk)
        assert (chain_of(aged.pk).last_number, breaks()) == (6, [])

    def test_one_cleanup_takes_only_so_many(self, aged: Team, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(cleanup, "MOST_AT_ONCE", 2)
        cleanup.clean_up()
        assert AuditEntry.objects.count() == 3
        cleanup.clean_up()  # within the hour
        assert (AuditEntry.objects.count(), breaks()) == (3, [])
