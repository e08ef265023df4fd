"""Stores and removes the pictures of people who sign in."""

import secrets

from analysis.cli.profile_picture import square_in_subprocess
from webapp import storage
from webapp.accounts.models import User


def set_picture(user: User, data: bytes) -> None:
    """Stores a small square copy of a picture file. Raises UnreadablePicture, PictureTooLarge, TimeoutError."""
    small = square_in_subprocess(data)
    key = f"{prefix_of(user)}/{secrets.token_hex(8)}.jpg"
    storage.put_bytes(key, small)
    _replace(user, key)


def remove_picture(user: User) -> None:
    _replace(user, "")


def _replace(user: User, key: str) -> None:
    """Sets the key first: of two at once, the later one's file is the one that stays."""
    User.objects.filter(pk=user.pk).update(picture_key=key)
    for name in storage.names(prefix_of(user)):
        if f"{prefix_of(user)}/{name}" != key:
            storage.delete(f"{prefix_of(user)}/{name}")


def prefix_of(user: User) -> str:
    """Returns where the store keeps the pictures of an account."""
    return f"accounts/{user.pk}"
