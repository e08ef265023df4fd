"""Names in which nothing is to be seen, or that turn what stands behind them around, are not taken."""

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from tests.conftest import signed_in
from webapp.accounts.models import Team, User
from webapp.accounts.name_forms import NameField


@pytest.mark.parametrize("text", ["\u200b", "\u202e", "\u2060 \ufeff", "\u0301", "\r\n", "\ue000"])
def test_what_nobody_can_read_is_no_name(text: str) -> None:
    with pytest.raises(ValidationError):
        NameField().clean(text)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Zoë  Ngũgĩ", "Zoë Ngũgĩ"),
        ("Eve\r\nBcc: all@x.example", "Eve Bcc: all@x.example"),
        ("\u202eevil", "evil"),
        ("علی\u200cرضا", "علی\u200cرضا"),
        ("👩\u200d🎤", "👩\u200d🎤"),
        ("李", "李"),
    ],
)
def test_names_keep_what_is_read(text: str, name: str) -> None:
    assert NameField().clean(text) == name


@pytest.mark.django_db
def test_people_and_teams_are_called_so(team: Team, alice: User) -> None:
    client = signed_in(alice)
    assert client.post(reverse("accounts:rename"), {"name": "\u200b"}).status_code == 422
    fields = {"team": str(team.pk), "name": "\u200b", "photo_search_role": "editor"}
    assert client.post(reverse("accounts:team_settings"), fields).status_code == 422
    assert client.post(reverse("accounts:new_team"), {"name": "\u200b"}).status_code == 422
    client.post(reverse("accounts:rename"), {"name": "Al\u202eice\r\nB"})
    alice.refresh_from_db()
    assert alice.name == "Alice B"
