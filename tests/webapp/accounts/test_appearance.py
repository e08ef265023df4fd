"""What a person chooses for themselves: picture, theme, language."""

import io
from typing import Any

import numpy as np
import PIL.Image
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from analysis.cli import profile_picture
from analysis.cli.profile_picture import SIDE
from analysis.errors import PictureTooLarge, UnreadablePicture
from tests.analysis.images.picture_files import claiming
from tests.conftest import signed_in
from tests.factories import make_team, make_user
from tests.webapp.page_checks import faults_of
from tests.webapp.responses import Response
from webapp import storage
from webapp.accounts.models import Membership, Role, Theme, User
from webapp.templatetags.rollcall import initials

pytestmark = pytest.mark.django_db

ORIENTATION, GPS = 0x0112, 0x8825


def jpeg(width: int = 400, height: int = 200, **options: Any) -> bytes:
    """Red at the left, green in the middle, blue at the right."""
    pixels = np.zeros((height, width, 3), np.uint8)
    third = (width - height) // 2
    pixels[:, :third, 0] = pixels[:, third : width - third, 1] = pixels[:, width - third :, 2] = 255
    buffer = io.BytesIO()
    PIL.Image.fromarray(pixels).save(buffer, "JPEG", quality=95, **options)
    return buffer.getvalue()


def send(client: Client, content: bytes) -> Response:
    picture = SimpleUploadedFile("me.jpg", content, "image/jpeg")
    return client.post(reverse("accounts:set_picture"), {"picture": picture})


def show(client: Client, user: User) -> int:
    return client.get(reverse("accounts:picture", args=[user.pk])).status_code


def profile(client: Client) -> str:
    html = client.get(reverse("accounts:profile")).content.decode()
    assert faults_of(html) == []
    return html


def test_a_picture_becomes_a_small_square_that_tells_nothing_else() -> None:
    exif = PIL.Image.Exif()
    exif[ORIENTATION], exif[GPS] = 6, {1: "N"}
    small = profile_picture.square_in_subprocess(jpeg(exif=exif))
    with PIL.Image.open(io.BytesIO(small)) as image:
        assert (image.format, image.size, len(image.getexif())) == ("JPEG", (SIDE, SIDE), 0)
        pixels = np.asarray(image)
    assert b"Exif" not in small
    colours = pixels[[8, SIDE // 2, -8], [8, SIDE // 2, -8]]
    assert (colours[:, 1] > 200).all() and (colours[:, ::2] < 60).all(), "the middle, and all of it"


def test_what_is_no_picture_or_too_large_a_one_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    for junk in (b"", b"<svg xmlns='http://www.w3.org/2000/svg'/>", jpeg()[:200]):
        with pytest.raises(UnreadablePicture):
            profile_picture.square_in_subprocess(junk)
    with pytest.raises(PictureTooLarge):
        profile_picture.square_in_subprocess(bytes(profile_picture.MAX_BYTES + 1))
    with pytest.raises(PictureTooLarge):
        profile_picture.square_in_subprocess(claiming("png", 60_000, 60_000))


def test_a_picture_is_set_replaced_and_removed(vera: User) -> None:
    client = signed_in(vera)
    assert '<span class="avatar hue-' in profile(client)
    assert send(client, jpeg()).status_code == 303
    first = User.objects.get(pk=vera.pk).picture_key
    assert (show(client, vera), storage.read_bytes(first)[:2]) == (200, b"\xff\xd8")
    assert f'src="{reverse("accounts:picture", args=[vera.pk])}?v=' in profile(client)
    assert send(client, b"no picture").status_code == 303
    assert "not a readable picture" in profile(client)
    send(client, jpeg())
    second = User.objects.get(pk=vera.pk).picture_key
    assert (storage.exists(first), storage.exists(second)) == (False, True)
    assert client.post(reverse("accounts:remove_picture")).status_code == 303
    assert not storage.exists(second) and show(client, vera) == 404
    client.post(reverse("accounts:set_picture"))
    assert "Choose a picture first" in profile(client)


def test_a_picture_is_for_who_shares_a_team(alice: User, vera: User, charlie: User) -> None:
    send(signed_in(vera), jpeg())
    elsewhere = make_team("Elsewhere")
    Membership.objects.create(team=elsewhere, user=vera, role=Role.VIEWER)
    colleague = make_user(team=elsewhere)
    assert [show(signed_in(user), vera) for user in (vera, alice, colleague, charlie)] == [200, 200, 200, 404]
    assert show(Client(), vera) == 302
    Membership.objects.filter(user=vera).delete()
    assert [show(signed_in(user), vera) for user in (vera, alice)] == [200, 404]


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("Ada M. Byron", "AB"),
        ("Ada", "A"),
        ("ada@example.org", "A"),
        ("王小明", "王"),
        ("  ", ""),
        ("élan vital", "ÉV"),
    ],
)
def test_initials_stand_for_a_name(name: str, letters: str) -> None:
    assert initials(name) == letters


def test_a_theme_holds_in_every_browser_from_the_first_paint_on(vera: User) -> None:
    client, address = signed_in(vera), reverse("accounts:appearance")
    assert 'data-account-theme=""' in profile(client)
    assert "data-account-theme" not in Client().get(reverse("accounts:login")).content.decode()
    assert client.post(address, {"theme": "dark"}, headers={"Accept": "application/json"}).status_code == 200
    assert 'data-theme="dark"' in profile(signed_in(User.objects.get(pk=vera.pk)))
    assert client.post(address, {"theme": "auto"}).status_code == 303
    html = profile(client)
    assert 'data-account-theme="auto"' in html and "data-theme=" not in html
    for wrong in ({"theme": "pink"}, {}, {"language": "en"}):
        assert client.post(address, wrong, headers={"Accept": "application/json"}).status_code == 422
    vera.refresh_from_db()
    assert (vera.theme, vera.language) == (Theme.AUTO, "")
    assert "Language" in html, "there is a choice"


def test_a_language_is_the_accounts_and_not_the_browsers(vera: User, settings: Any) -> None:
    settings.LANGUAGES = [("en", "English"), ("de", "Deutsch")]
    client = signed_in(vera)
    assert '<html lang="en"' in profile(client) and "Deutsch" in profile(client)
    assert client.post(reverse("accounts:appearance"), {"theme": "auto", "language": "de"}).status_code == 303
    assert '<html lang="de"' in profile(client)
    assert client.get(reverse("accounts:profile"), headers={"Accept-Language": "en"})["Content-Language"] == "de"
    User.objects.filter(pk=vera.pk).update(language="xx")
    assert '<html lang="en"' in profile(client)
