"""The page of the audit log: for who manages the team, of that team alone, filtered, in pages, and as CSV."""

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.test import AsyncClient
from django.urls import reverse
from django.utils import timezone

from tests.conftest import signed_in
from tests.factories import make_team, make_user
from tests.webapp.audit.entries import subject, write
from tests.webapp.page_checks import faults_of
from webapp.accounts.models import Membership, Role, Team, User
from webapp.audit import queries
from webapp.audit.action_choices import Action, SubjectKind
from webapp.audit.models import AuditEntry
from webapp.audit.services import AuditSubject, record

pytestmark = pytest.mark.django_db
PAGE, EXPORT = "/audit/", "/audit/export/"


def listed(user: User, **asked: Any) -> list[str]:
    """Returns what the page shows the entries to be about, sign-ins left out, newest first."""
    response = signed_in(user).get(PAGE, asked)
    assert response.status_code == 200
    assert faults_of(response.content.decode()) == []
    entries = [row["entry"] for row in response.context["rows"]]
    return [entry.subject_label for entry in entries if entry.action != Action.SIGNED_IN]


def test_admins_and_owners_of_the_team_alone(team: Team, alice: User, bob: User, vera: User, charlie: User) -> None:
    write(alice, team.pk)
    admin = make_user(team=team, role=Role.ADMIN)
    for user, status in ((alice, 200), (admin, 200), (bob, 404), (vera, 404)):
        assert signed_in(user).get(PAGE).status_code == status
    assert listed(alice) == ["Person 0"]
    assert listed(charlie) == []
    assert listed(make_user(team=make_team("Third"), role=Role.OWNER)) == []


def test_the_row_of_a_renaming_shows_the_new_name(team: Team, alice: User) -> None:
    somebody = AuditSubject(SubjectKind.PERSON, "1", "Person 3")
    record(alice, Action.NAMED, somebody, team_id=team.pk, before={"name": ""}, after={"name": "Tom <b>"})
    html = signed_in(alice).get(PAGE).content.decode()
    assert "Tom &lt;b&gt;" in html.split('class="audit-what"')[2].split("<details")[0]


@pytest.mark.django_db(transaction=True)
def test_who_may_download_it(team: Team, alice: User, bob: User, charlie: User) -> None:
    write(alice, team.pk)
    assert [status for user in (alice, bob, charlie) for status, _rows in [downloaded(user)]] == [200, 404, 200]
    assert "Person 0" not in str(downloaded(charlie))


def test_a_member_of_two_teams_reads_the_one_they_work_in(team: Team, alice: User) -> None:
    other = make_team("Another")
    Membership.objects.create(team=other, user=alice, role=Role.VIEWER)
    write(alice, other.pk)
    client = signed_in(alice)
    session = client.session
    session["team"] = str(other.pk)
    session.save()
    assert client.get(PAGE).status_code == 404
    assert listed(alice) == []


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"q": "ann"}, ["Anna"]),
        ({"q": "BOB"}, ["Parade"]),
        ({"q": "192.0.2"}, []),
        ({"who": "-1"}, ["Parade", "Anna"]),
        ({"who": "9" * 20}, ["Parade", "Anna"]),
        ({"action": "played"}, ["Parade"]),
        ({"action": "no such"}, ["Parade", "Anna"]),
        ({"kind": "video"}, ["Parade"]),
        ({"subject": "a1"}, ["Anna"]),
        ({"since": "today"}, ["Parade", "Anna"]),
        ({"until": "9999-12-31", "before": "x", "after": "-7"}, ["Parade", "Anna"]),
        ({"q": "\0"}, ["Parade", "Anna"]),
        ({"q": "%"}, []),
    ],
)
def test_filters(asked: dict[str, str], expected: list[str], team: Team, alice: User, bob: User) -> None:
    record(alice, Action.NAMED, AuditSubject(SubjectKind.PERSON, "a1", "Anna"), team_id=team.pk)
    record(bob, Action.PLAYED, AuditSubject(SubjectKind.VIDEO, "b2", "Parade"), team_id=team.pk)
    assert listed(alice, **asked) == expected


@pytest.mark.parametrize("text", ["elodie", "ELODIE zhang", "renee", "zs", "o'brien"])
def test_text_is_found_whatever_its_accents_and_script(text: str, team: Team, alice: User) -> None:
    renee = make_user(name="Renée", team=team, role=Role.ADMIN)
    record(renee, Action.NAMED, AuditSubject(SubjectKind.PERSON, "a1", "Élodie O’Brien 张三"), team_id=team.pk)
    record(alice, Action.NAMED, AuditSubject(SubjectKind.PERSON, "a2", "Anna"), team_id=team.pk)
    assert listed(alice, q=text) == ["Élodie O’Brien 张三"]


def test_filters_by_person_and_day(team: Team, alice: User, bob: User) -> None:
    write(alice, team.pk)
    record(bob, Action.PLAYED, subject("Parade"), team_id=team.pk)
    assert listed(alice, who=bob.pk) == ["Parade"]
    today = timezone.localdate()
    assert listed(alice, since=today.isoformat(), until=today.isoformat()) == ["Parade", "Person 0"]
    assert listed(alice, since=(today + timedelta(days=1)).isoformat()) == []
    assert listed(alice, until=(today - timedelta(days=1)).isoformat()) == []


def test_pages_lead_to_each_other_without_gaps(team: Team, alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "PAGE_SIZE", 3)
    write(alice, team.pk, 7)
    wanted = queries.AuditFilter(action=Action.NAMED)
    first = queries.page(team.pk, wanted)
    second = queries.page(team.pk, wanted, before=first.older)
    third = queries.page(team.pk, wanted, before=second.older)
    numbers = [[entry.number for entry in each.entries] for each in (first, second, third)]
    assert numbers == [[7, 6, 5], [4, 3, 2], [1]]
    assert (first.newer, third.older) == (None, None)
    back = queries.page(team.pk, wanted, after=third.newer)
    assert [entry.number for entry in back.entries] == [4, 3, 2]
    front = queries.page(team.pk, wanted, after=second.newer)
    assert ([entry.number for entry in front.entries], front.newer) == ([7, 6, 5], None)


def test_the_page_says_what_changed(team: Team, alice: User) -> None:
    change = {"before": {"name": "<b>Old"}, "after": {"name": "", "hidden": True, "found": ["Anna", "Ben"]}}
    record(alice, Action.NAMED, subject("<script>"), team_id=team.pk, **change)
    html = signed_in(alice).get(PAGE).content.decode()
    for words in ("&lt;b&gt;Old", "Anna, Ben", "&lt;script&gt;", "Named", "yes"):
        assert words in html
    assert "<script>" + "\n" not in html


def test_queries_do_not_grow(team: Team, alice: User, django_assert_max_num_queries: Any) -> None:
    write(alice, team.pk, 40)
    client = signed_in(alice)
    with django_assert_max_num_queries(12):
        client.get(PAGE)


def test_a_verb_that_is_no_longer_known_is_shown_as_it_is(team: Team, alice: User) -> None:
    write(alice, team.pk)
    row = AuditEntry(team_id=team.pk, number=99, at=timezone.now(), action="flew", subject_kind="kite", hash=b"")
    AuditEntry.objects.bulk_create([row])
    assert "flew" in signed_in(alice).get(PAGE).content.decode()


def downloaded(user: User, **asked: str) -> tuple[int, list[dict[str, str]]]:
    async def sent() -> tuple[int, bytes]:
        client = AsyncClient()
        await client.aforce_login(user)
        response: Any = await client.get(EXPORT, asked)
        if not response.streaming:
            return response.status_code, b""
        return response.status_code, b"".join([part async for part in response])

    status, content = async_to_sync(sent)()
    return status, list(csv.DictReader(io.StringIO(content.decode(), newline="")))


@pytest.mark.django_db(transaction=True)
def test_the_csv_holds_all_that_fits_and_no_formula(team: Team, alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "CHUNK", 2)
    write(alice, team.pk, 5)
    formula = '=HYPERLINK("http://evil.example")'
    record(formula, Action.SIGN_IN_FAILED, subject(formula), team_id=team.pk)
    status, rows = downloaded(alice)
    shown = [row for row in rows if row["action"] in ("named", "sign_in_failed")]
    assert (status, len(shown)) == (200, 6)
    assert shown[0]["user_name"] == shown[0]["subject_label"] == "'" + formula
    assert shown[1]["after"] == '{"name":"Anna"}'
    stored = AuditEntry.objects.get(number=shown[1]["number"], team_id=team.pk)
    assert shown[1]["hash"] == bytes(stored.hash).hex()
    assert len(downloaded(alice, action="named")[1]) == 5


@pytest.mark.django_db(transaction=True)
def test_exporting_is_recorded_with_its_filters(team: Team, alice: User) -> None:
    downloaded(alice, q="anna", action="named")
    entry = AuditEntry.objects.get(action=Action.EXPORTED)
    assert (entry.user_name, entry.subject_kind, entry.after) == ("Alice", "audit_log", '{"action":"named","q":"anna"}')


def test_the_teams_page_leads_managers_to_it(team: Team, alice: User, vera: User) -> None:
    address = reverse("accounts:team")
    assert f'href="{PAGE}"' in signed_in(alice).get(address).content.decode()
    assert f'href="{PAGE}"' not in signed_in(vera).get(address).content.decode()
