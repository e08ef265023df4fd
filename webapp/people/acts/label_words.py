"""What events call people: a name as it is, an unnamed person by the number, to be worded in the reader's language."""

from collections.abc import Mapping
from typing import Any

from webapp.http.list_words import listed
from webapp.people.models import Person, title_without_name

NUMBER = "number"
Label = str | dict[str, int]
"""A name, or `{"number": 3}`, which reads "Person 3"; as JSON stores it."""


def label_of(person: Person, name: str | None = None) -> Label:
    """Returns what an event stores of a person, who is or was called `name`; None: as the person is called."""
    return (person.name if name is None else name) or {NUMBER: person.number}


def worded(words: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the words of an event with all labels in the language that is active."""
    return {key: _worded(value) for key, value in words.items()}


def _worded(value: Any) -> Any:
    if isinstance(value, list):
        return listed(_worded(each) for each in value)
    return title_without_name(value[NUMBER]) if isinstance(value, dict) else value
