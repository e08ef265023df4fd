"""What a user chooses of a copy with people hidden: whom, how, and what becomes of the sound."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class HidingStyle(StrEnum):
    """Coarse cells, or one flat colour; neither can be undone."""

    PIXELS = "pixels"
    SOLID = "solid"


class Sound(StrEnum):
    """What becomes of the sound of a copy."""

    KEEP = "keep"
    MUTE = "mute"
    PITCH = "pitch"


@dataclass(frozen=True, slots=True)
class HideChoice:
    """Whom to hide, by id: those of `hide`, or everybody but those of `keep`; everybody where both are empty."""

    hide: frozenset[int] = frozenset()
    keep: frozenset[int] = frozenset()

    def __post_init__(self) -> None:
        if self.hide and self.keep:
            raise ValueError("either people to hide or people to keep, not both")

    @property
    def hides_some(self) -> bool:
        """Whether only the named people are hidden, and all else is left as it is."""
        return bool(self.hide)

    def hides(self, person: int) -> bool:
        """Returns whether this person is to be hidden."""
        return person in self.hide if self.hide else person not in self.keep


@dataclass(frozen=True, slots=True)
class BlurOptions:
    """Who is hidden, and how."""

    whom: HideChoice = HideChoice()
    margin: float = 0.25
    """By how much of its side a face's box grows at each side."""
    extend_s: float = 2.0
    """For how long a face stays covered before it is first seen and after it is last seen, up to a cut: people turn
    away, and others walk past them. Around chosen people it is 0.6 at most: others near by are left clear."""
    style: HidingStyle = HidingStyle.PIXELS
    sound: Sound = Sound.KEEP
    rounds: int = 8
    """How often what somebody is found in again is encoded at most."""
