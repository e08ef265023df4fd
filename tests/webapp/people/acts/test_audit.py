"""What is done with people stands in the audit log, with what was before and what is after."""

import json
from typing import Any

import pytest

from tests.conftest import signed_in
from tests.present import present
from tests.webapp.audit.entries import breaks
from webapp.accounts.models import Team, User
from webapp.audit.models import AuditEntry
from webapp.people.acts import events, services
from webapp.people.acts.audit_services import ACTIONS
from webapp.people.models import Event, EventKind, Person

pytestmark = pytest.mark.django_db


@pytest.fixture
def people(team: Team) -> list[Person]:
    return [Person.objects.create(team=team, number=number, hue=0) for number in (1, 2, 3)]


def last() -> tuple[Any, ...]:
    """Returns who, action, kind, label, before and after of the latest entry."""
    entry = present(AuditEntry.objects.order_by("pk").last())
    change = [json.loads(text) if text else None for text in (entry.before, entry.after)]
    return entry.user_name, entry.action, entry.subject_kind, entry.subject_label, *change


def test_a_name_and_its_undo(people: list[Person], bob: User) -> None:
    event = present(services.name_person(people[0], name="Anna", user=bob))
    assert last() == ("Bob", "named", "person", "Person 1", {"name": ""}, {"name": "Anna"})
    assert present(AuditEntry.objects.last()).subject_id == str(people[0].pk)
    events.undo(event, user=None)
    assert last() == ("", "undid", "person", "Person 1", {"name": "Anna"}, {"name": "", "undone": "named"})


def test_a_merge_says_into_whom(people: list[Person], bob: User) -> None:
    services.merge_people(people[1], target=people[0], user=bob)
    who, action, kind, label, before, after = last()
    assert (who, action, kind, label) == ("Bob", "merged", "person", "Person 2")
    assert before == {"merged_into": None, "person": "Person 2"}
    assert after == {"merged_into": str(people[0].pk), "person": "Person 1", "appearances": 0}


def test_several_people_are_one_entry(people: list[Person], team: Team, bob: User) -> None:
    services.show_and_hide(team=team, show=[], hide=[person.pk for person in people], user=bob)
    names = "Person 1, Person 2, Person 3"
    assert last() == ("Bob", "hid", "people", names, {"hidden": False}, {"hidden": True, "people": 3})
    assert AuditEntry.objects.count() == 1


def test_a_deletion_and_the_strictness(people: list[Person], team: Team, alice: User) -> None:
    services.delete_person(people[0], user=alice)
    assert last()[:4] == ("Alice", "deleted", "person", "Person 1")
    services.set_team_thresholds(team, "a model", accept_from=0.6, review_from=None, user=alice)
    assert last()[:4] == ("Alice", "set_strictness", "team", "Newsroom")
    assert last()[-1] == {"team_accept_from": 0.6}


def test_what_is_refused_is_not_recorded(people: list[Person], bob: User) -> None:
    services.delete_person(people[0], user=bob)
    with pytest.raises(events.EditConflict):
        services.name_person(people[0], name="Anna", user=bob)
    assert AuditEntry.objects.count() == Event.objects.count() == 1
    assert breaks() == []


def test_from_a_page_it_says_from_where(people: list[Person], bob: User) -> None:
    address = f"/people/{people[0].pk}/name/"
    signed_in(bob).post(address, {"name": "Anna"}, REMOTE_ADDR="192.0.2.44", headers={"User-Agent": "A phone"})
    entry = present(AuditEntry.objects.order_by("pk").last())
    assert (entry.action, entry.user_name, entry.address, entry.agent) == ("named", "Bob", "192.0.2.44", "A phone")


def test_every_kind_of_event_has_a_verb() -> None:
    assert set(ACTIONS) == set(EventKind)
