"""Tells other apps that a video has been analysed or brought back, so that videos need not know what they do then."""

from collections.abc import Callable
from datetime import datetime

from webapp.videos.models import Analysis, Video

Hook = Callable[[Analysis], None]
RestoredHook = Callable[[Video, datetime], None]
_hooks: list[Hook] = []
_restored_hooks: list[RestoredHook] = []


def after_analysis(hook: Hook) -> None:
    """Has `hook` called in the transaction that ends an analysis; it should be quick."""
    if hook not in _hooks:
        _hooks.append(hook)


def tell(analysis: Analysis) -> None:
    for hook in _hooks:
        hook(analysis)


def after_restoring(hook: RestoredHook) -> None:
    """Has `hook` called with a video that was brought back and the moment of its deletion, which stopped its work."""
    if hook not in _restored_hooks:
        _restored_hooks.append(hook)


def tell_restored(video: Video, deleted_at: datetime) -> None:
    for hook in _restored_hooks:
        hook(video, deleted_at)
