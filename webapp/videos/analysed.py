"""Tells other apps that a video has been analysed, so that videos need not know what they do then."""

from collections.abc import Callable

from webapp.videos.models import Analysis

Hook = Callable[[Analysis], None]
_hooks: list[Hook] = []


def after_analysis(hook: Hook) -> None:
    """Has `hook` called in the transaction that ends an analysis; it should be quick."""
    if hook not in _hooks:
        _hooks.append(hook)


def tell(analysis: Analysis) -> None:
    for hook in _hooks:
        hook(analysis)
