"""Which passwords are refused although they are long enough."""

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from webapp.accounts.models import User

ADA = User(name="Ada Byron", email="ada@example.org")


@pytest.mark.parametrize(
    "password",
    [
        "passwordpassword",
        "P@ssw0rd2026!",
        "Password12345678",
        "iloveyou-12345",
        "qwertyuiopasdfgh",
        "1234567890qwerty",
        "z1x2c3v4b5n6",
        "aaaaaaaaaaaa",
        "xkqzxkqzxkqz",
        "Rollcall2026!!",
        "adabyron-1234",
    ],
)
def test_what_is_tried_first_is_refused(password: str) -> None:
    with pytest.raises(ValidationError, match="easy to guess"):
        validate_password(password, ADA)


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery",
        "a long enough phrase",
        "sunshine over dover",
        "839201746352",
        "k7!mQ2-zR9vX",
        "长城上的三只白色小猫和月亮",
    ],
)
def test_what_has_to_be_guessed_is_taken(password: str) -> None:
    validate_password(password, ADA)


def test_what_is_sent_to_keep_the_server_busy_is_judged_at_once() -> None:
    validate_password("x9é" * 1000 + "end", ADA)
