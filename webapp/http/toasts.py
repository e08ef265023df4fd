"""Short notes after an action, some with an Undo button; they survive one redirect and need no JavaScript."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from django.contrib import messages
from django.contrib.messages.storage.base import Message
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject


@dataclass(frozen=True, slots=True)
class Toast:
    """What `_toasts.html` shows. With an `undo_url`, a form that posts `undo_fields` to it."""

    text: str
    level_tag: str = "info"
    undo_url: str = ""
    undo_fields: list[tuple[str, str]] = field(default_factory=list)
    link: "Link | None" = None


@dataclass(frozen=True, slots=True)
class Link:
    """Where a note leads, to see what came of something."""

    url: str
    words: str


def toast(
    request: HttpRequest,
    text: str,
    undo_url: str | None = None,
    fields: Mapping[str, str] | None = None,
    level: int = messages.SUCCESS,
    link: Link | None = None,
) -> None:
    """Adds a note to the next page. What Undo and the link need travels in the message's tags, as JSON."""
    acts = {"url": undo_url or "", "fields": dict(fields or {}), "link": asdict(link) if link else None}
    messages.add_message(request, level, text, extra_tags=json.dumps(acts) if undo_url or link else "")


def said(request: HttpRequest) -> list[tuple[int, str, str]]:
    """Returns level, text and tags of what this request has said so far, for `say_again`."""
    said_so_far: Any = messages.get_messages(request)  # Django has no public name for what is not yet stored
    return [(each.level, str(each.message), each.extra_tags or "") for each in said_so_far._queued_messages]


def say_again(request: HttpRequest, notes: Iterable[tuple[int, str, str]]) -> None:
    for level, text, tags in notes:
        messages.add_message(request, level, text, extra_tags=tags)


def toasts(request: HttpRequest) -> dict[str, object]:
    """Returns template context; the messages are consumed only when a template asks for them."""
    return {"toasts": SimpleLazyObject(lambda: [_read(message) for message in messages.get_messages(request)])}


def _read(message: Message) -> Toast:
    acts: dict[str, Any] = json.loads(message.extra_tags) if message.extra_tags else {"url": "", "fields": {}}
    link = Link(**acts["link"]) if acts.get("link") else None
    return Toast(str(message.message), message.level_tag, acts["url"], list(acts["fields"].items()), link)
