"""An address that is none is told so, whatever was sent to it."""

import pytest
from django.test import Client

from webapp.accounts.models import User


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/nowhere/", "/jobs/-1/cancel/"])
def test_a_form_that_is_too_large_to_read_is_not_read(alice: User, address: str) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    answer = client.post(address, {f"field {number}": "1" for number in range(1_001)})
    assert answer.status_code == 404
    assert b"Page not found" in answer.content
    assert client.get("/nowhere/").status_code == 404
