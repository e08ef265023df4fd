"""Stores and removes the pictures of people who sign in."""

import secrets

from analysis.cli.profile_picture import square_in_subprocess
from webapp import storage
from webapp.accounts.models import User


def set_picture(user: User, data: bytes) -> None:
    """Stores a small square copy of a picture file. Raises UnreadablePicture, PictureTooLarge, TimeoutError."""
    small = square_in_subprocess(data)
    key = f"{_prefix(user)}/{secrets.token_hex(8)}.jpg"
    storage.put_bytes(key, small)
    _replace(user, key)


def remove_picture(user: User) -> None:
    _replace(user, "")


def _replace(user: User, key: str) -> None:
    """Sets the key first: of two at once, the later one's file is the one that stays."""
    User.objects.filter(pk=user.pk).update(picture_key=key)
    for name in storage.names(_prefix(user)):
        if f"{_prefix(user)}/{name}" != key:
            storage.delete(f"{_prefix(user)}/{name}")


def _prefix(user: User) -> str:
    return f"accounts/{user.pk}"
