"""Puts events on people into the audit log: what was done, and its undo."""

from typing import Any

from webapp.accounts.models import Team, User
from webapp.audit.action_choices import Action, SubjectKind
from webapp.audit.services import AuditSubject, record
from webapp.http.list_words import listed
from webapp.people.acts.label_words import worded
from webapp.people.models import Event, EventKind, Moved, Person

ACTIONS: dict[EventKind, Action] = {
    EventKind.NAME: Action.NAMED,
    EventKind.MERGE: Action.MERGED,
    EventKind.SPLIT: Action.SPLIT,
    EventKind.MOVE: Action.MOVED,
    EventKind.GIVE: Action.GAVE_FACES,
    EventKind.UNCLEAR: Action.MADE_UNCLEAR,
    EventKind.HIDE: Action.HID,
    EventKind.SHOW: Action.SHOWED,
    EventKind.PORTRAIT: Action.CHOSE_PORTRAIT,
    EventKind.DELETE: Action.DELETED,
    EventKind.APART: Action.TOLD_APART,
    EventKind.THRESHOLDS: Action.SET_STRICTNESS,
}
OWN_FIELDS = ("hidden", "merged_into", "portrait", "join_from", "suggest_from")
INNER = ("apart", "verdict", "portrait")
"""Fields that hold numbers of rows, which say nothing to people."""
NAMED = 5
"""Of many people so many are named."""


def record_act(event: Event, *, user: User | None) -> None:
    """Records what an event did; call it in the event's transaction."""
    before, after = _change(event)
    record(user, ACTIONS[EventKind(event.act)], _subject(event), team_id=event.team_id, before=before, after=after)


def record_undo(event: Event, *, user: User | None) -> None:
    """Records that an event was undone: what held after it is what was before now."""
    before, after = _change(event)
    now = {"undone": ACTIONS[EventKind(event.act)].value, **(before or {})}
    record(user, Action.UNDID, _subject(event), team_id=event.team_id, before=after, after=now)


def _subject(event: Event) -> AuditSubject:
    """Returns whom the event is about first: who was named, hidden or merged away, or whose appearances moved."""
    ids = _ids_of(event)
    if not ids:
        return AuditSubject(SubjectKind.TEAM, str(event.team_id), str(Team.objects.get(pk=event.team_id)))
    if len(ids) == 1:
        words = worded(event.words)
        label = words.get("person") or words.get("before") or words.get("target") or ""
        return AuditSubject(SubjectKind.PERSON, ids[0], str(label))
    people = Person.objects.filter(pk__in=ids[:NAMED]).order_by("number")
    return AuditSubject(SubjectKind.PEOPLE, ids[0], listed(people))


def _ids_of(event: Event) -> list[str]:
    """Returns those whose own fields the event set, else who had the tracks before, else whose history shows it."""
    own = {*OWN_FIELDS, *{EventKind.NAME: ["name"], EventKind.DELETE: ["deleted"]}.get(EventKind(event.act), [])}
    for change in event.changes:
        if change["cell"] in own:
            return [str(pk) for pk in change["ids"]]
    had = Moved.objects.filter(event=event, before__isnull=False).values_list("before", flat=True).first()
    return [str(had)] if had else [str(pk) for pk in event.people.values_list("pk", flat=True)[:1]]


def _change(event: Event) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    inner = INNER if event.act == EventKind.DELETE else (*INNER, "deleted")  # of somebody whom a split makes
    shown = [change for change in event.changes if change["cell"] not in inner]
    before = {change["cell"]: change["before"] for change in shown}
    after = {change["cell"]: change["after"] for change in shown}
    words = worded(event.words)
    if "target" in words:
        after["person"] = words["target"]
        before |= {"person": words["person"]} if "person" in words else {}
    if "count" in words:
        after["people" if event.act in (EventKind.HIDE, EventKind.SHOW) else "appearances"] = words["count"]
    return before or None, after or None
