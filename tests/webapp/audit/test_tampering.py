"""Whoever changes the audit log in the database is found by verification, whatever they change."""

from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import override_settings
from django.utils import timezone

from tests.factories import make_team
from tests.webapp.audit.entries import breaks, chain_of, found, tamper, write
from webapp.accounts.models import Team, User
from webapp.audit.chain_codec import COLUMNS
from webapp.audit.models import INSTALLATION, AppendOnly, AuditChain, AuditEntry
from webapp.audit.verification_queries import Verified

pytestmark = pytest.mark.django_db
OTHER: dict[str, Any] = {
    "number": 77,
    "at": timezone.now() - timedelta(days=2),
    "user_id": 424242,
}
"""What a column is changed to; those of text to something else."""


@pytest.fixture
def written(team: Team, alice: User) -> Team:
    """A team with five entries."""
    write(alice, team.pk, 5)
    return team


def key(team: Team) -> Any:
    return team.pk if connection.features.has_native_uuid_field else team.pk.hex


def test_what_is_as_it_was_written_holds(written: Team) -> None:
    assert {each.team_id for each in found() if isinstance(each, Verified)} == {written.pk, INSTALLATION}
    assert breaks() == []


@pytest.mark.parametrize("column", [*COLUMNS, "hash"])
def test_a_changed_column_is_found(column: str, written: Team) -> None:
    value = bytes(32) if column == "hash" else OTHER.get(column, "changed")
    assert tamper(f"UPDATE ENTRIES SET {column} = %s WHERE team_id = %s AND number = 3", value, key(written)) == 1
    assert breaks() == [(written.pk, 3)]


def test_an_entry_moved_to_another_team_is_found(written: Team, charlie: User) -> None:
    elsewhere = charlie.teams.get()
    write(charlie, elsewhere.pk)
    values = (key(elsewhere), key(written))
    assert tamper("UPDATE ENTRIES SET team_id = %s, number = 2 WHERE team_id = %s AND number = 5", *values) == 1
    assert set(breaks()) == {(written.pk, 5), (elsewhere.pk, 2)}


@pytest.mark.parametrize("number", [1, 3, 5])
def test_a_deleted_entry_is_found_at_the_start_in_the_middle_and_at_the_end(number: int, written: Team) -> None:
    assert tamper("DELETE FROM ENTRIES WHERE team_id = %s AND number = %s", key(written), number) == 1
    assert breaks() == [(written.pk, number)]


def test_the_end_cut_off_with_its_head_put_back_is_found(written: Team, alice: User) -> None:
    tamper("DELETE FROM ENTRIES WHERE team_id = %s AND number = 5", key(written))
    last = bytes(AuditEntry.objects.get(team_id=written.pk, number=4).hash)
    AuditChain.objects.filter(pk=written.pk).update(last_number=4, last_hash=last)
    assert breaks() == [(written.pk, None)]


@pytest.mark.parametrize("number", [0, 6])
def test_an_inserted_entry_is_found(number: int, written: Team) -> None:
    copied = ", ".join(column for column in (*COLUMNS, "search_text", "hash") if column != "number")
    statement = f"INSERT INTO ENTRIES (team_id, number, {copied}) SELECT team_id, {number}, {copied} FROM ENTRIES"
    assert tamper(f"{statement} WHERE team_id = %s AND number = 3", key(written)) == 1
    assert breaks() == [(written.pk, number)]


def test_an_entry_inserted_in_between_is_found(written: Team) -> None:
    for number in (5, 4):
        tamper("UPDATE ENTRIES SET number = number + 1 WHERE team_id = %s AND number = %s", key(written), number)
    copied = ", ".join(column for column in (*COLUMNS, "search_text", "hash") if column != "number")
    statement = f"INSERT INTO ENTRIES (team_id, number, {copied}) SELECT team_id, 4, {copied} FROM ENTRIES"
    tamper(f"{statement} WHERE team_id = %s AND number = 3", key(written))
    assert breaks() == [(written.pk, 4)]


def test_two_entries_that_changed_places_are_found(written: Team) -> None:
    for before, after in ((2, 99), (4, 2), (99, 4)):
        tamper("UPDATE ENTRIES SET number = %s WHERE team_id = %s AND number = %s", after, key(written), before)
    assert breaks() == [(written.pk, 2)]


def test_a_chain_that_goes_as_a_whole_is_missed(written: Team) -> None:
    tamper("DELETE FROM ENTRIES WHERE team_id = %s", key(written))
    assert breaks() == [(written.pk, 1)]
    AuditChain.objects.filter(pk=written.pk).delete()
    assert breaks() == [(INSTALLATION, None)]


def test_entries_without_a_head_are_found(written: Team) -> None:
    AuditChain.objects.filter(pk=written.pk).delete()
    assert (written.pk, None) in breaks()


def test_without_the_secret_key_nobody_can_make_a_chain_that_fits(written: Team, alice: User) -> None:
    with override_settings(SECRET_KEY="somebody else's"):
        write(alice, written.pk)
    assert breaks() == [(written.pk, None)]


def test_a_new_secret_key_verifies_what_the_old_one_sealed(written: Team, alice: User, settings: Any) -> None:
    old = settings.SECRET_KEY
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "the next one", [old]
    write(alice, written.pk)
    assert breaks() == []
    settings.SECRET_KEY_FALLBACKS = []
    assert breaks() != []


def test_the_models_neither_change_nor_delete(written: Team) -> None:
    entry = AuditEntry.objects.get(team_id=written.pk, number=1)
    refusals: list[Callable[[], object]] = [
        entry.save,
        entry.delete,
        AuditEntry.objects.all().delete,
        lambda: AuditEntry.objects.update(action="seen"),
        lambda: AuditEntry.objects.bulk_update([entry], ["action"]),
        lambda: AuditEntry.objects.create(team_id=written.pk, number=9),
        lambda: AuditEntry.objects.update_or_create(pk=entry.pk, defaults={"action": "seen"}),
    ]
    for refusal in refusals:
        with pytest.raises(AppendOnly):
            refusal()
    assert (AuditEntry.objects.filter(team_id=written.pk).count(), breaks()) == (5, [])


def test_the_log_outlives_the_team_and_the_account(written: Team, alice: User) -> None:
    team_id = written.pk
    alice.delete()
    written.delete()
    assert set(AuditEntry.objects.filter(team_id=team_id).values_list("user_name", flat=True)) == {"Alice"}
    assert breaks() == []


def told(*, broken: bool) -> str:
    out = StringIO()
    if not broken:
        call_command("verify_audit", stdout=out)
    else:
        with pytest.raises(SystemExit) as ended:
            call_command("verify_audit", stdout=out)
        assert ended.value.code == 1
    return out.getvalue()


def test_the_command_says_that_all_holds_and_where_it_ends(written: Team) -> None:
    write(None, make_team("Another").pk)
    words = told(broken=False)
    assert f"team {written.pk}: holds: 5 entries, the last is 5 {bytes(chain_of(written.pk).last_hash).hex()}" in words
    assert words.endswith("The audit log holds.\n")


def test_the_command_names_the_first_broken_entry(written: Team) -> None:
    tamper("UPDATE ENTRIES SET subject_label = 'Berta' WHERE team_id = %s AND number IN (2, 4)", key(written))
    assert f"team {written.pk}: BROKEN: entry 2: was changed" in told(broken=True)
