"""The check of files before the first byte is sent."""

import pytest
from django.test import Client
from django.urls import reverse

from tests.conftest import signed_in
from webapp.accounts.models import Team, User

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("content_type", ["multipart/form-data; boundary=x", "application/x-www-form-urlencoded"])
def test_a_form_in_place_of_a_list_of_files_is_refused(content_type: str, team: Team, bob: User) -> None:
    client = Client(enforce_csrf_checks=True)  # which looks for its token in the fields, and so reads the body
    client.cookies = signed_in(bob).cookies
    client.cookies["csrftoken"] = "f" * 32
    body = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--x--\r\n'
    headers = {"X-CSRFToken": "f" * 32}
    assert client.post(reverse("videos:precheck"), body, content_type=content_type, headers=headers).status_code == 400
