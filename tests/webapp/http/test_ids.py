"""Numbers from addresses and forms: whatever a stranger types is a number that a column holds, or none."""

import pkgutil
from collections.abc import Iterator
from importlib import import_module

import pytest
from django import forms
from django.core.validators import MaxValueValidator
from django.urls import reverse

import webapp
from tests.conftest import signed_in
from tests.factories_datasets import make_dataset, make_samples
from tests.factories_training import make_run
from webapp.accounts.models import Team, User
from webapp.http.ids import LARGEST_ID, integer_or_none

HUGE = ("9" * 20, str(2**63), "9" * 5000)


@pytest.mark.parametrize(
    ("text", "number"),
    [("0", 0), ("0012", 12), (str(LARGEST_ID), LARGEST_ID), ("", None), ("-1", None), ("١", None), ("²", None)],
)
def test_only_what_a_column_holds_is_a_number(text: str, number: int | None) -> None:
    assert integer_or_none(text) == number


@pytest.mark.parametrize("text", HUGE)
def test_a_huge_number_is_none(text: str) -> None:
    assert integer_or_none(text) is None


def every_form() -> Iterator[type[forms.BaseForm]]:
    for module in pkgutil.walk_packages(webapp.__path__, "webapp."):
        if module.name.endswith((".forms", "_forms", "views")):
            import_module(module.name)
    waiting: list[type[forms.BaseForm]] = [forms.BaseForm]
    while waiting:
        form = waiting.pop()
        waiting += form.__subclasses__()
        if form.__module__.startswith("webapp."):
            yield form


def test_every_whole_number_of_a_form_has_a_largest_value() -> None:
    checked = 0
    for form in every_form():
        for name, field in getattr(form, "base_fields", {}).items():
            if isinstance(field, forms.IntegerField) and not isinstance(field, forms.FloatField):
                checked += 1
                limits = [each for each in field.validators if isinstance(each, MaxValueValidator)]
                assert limits, f"{form.__module__}.{form.__name__}.{name}"
    assert checked > 3


@pytest.mark.django_db
@pytest.mark.parametrize("huge", HUGE)
def test_huge_numbers_break_no_page(huge: str, team: Team, alice: User) -> None:
    dataset = make_dataset(team=team)
    make_samples(dataset, 1)
    run = make_run(dataset=dataset)
    client = signed_in(alice)
    assert client.get(reverse("videos:library"), {"uploader": huge, "page": huge}).status_code == 200
    relabelled = client.post(reverse("training:relabel", args=[run.pk, 1]), {"revision": huge, "label": huge})
    assert relabelled.status_code in (303, 400)
    assert client.get(reverse("training:run", args=[run.pk]), {"at": "0" * 5000, "page": huge}).status_code == 200
    for pattern in ("videos:library", "people:list", "datasets:list", "training:list", "recognition:list"):
        asked = {"page": huge, "t": huge, "score": huge, "number": huge, "label": huge, "since": huge, "skip": huge}
        assert client.get(reverse(pattern), asked).status_code == 200, pattern
