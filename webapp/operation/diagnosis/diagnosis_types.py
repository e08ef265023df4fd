"""What a look at one part of the installation says."""

from dataclasses import dataclass
from enum import StrEnum


class Health(StrEnum):
    """The values stand in `doctor --json`. Bad: something does not work. Warning: it may soon not, or is not safe."""

    OK = "ok"
    WARNING = "warning"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """How one part is, in plain words; `advice` is what to do, empty where it is well."""

    part: str
    health: Health
    words: str
    advice: str = ""


def well(part: str, words: str) -> Diagnosis:
    return Diagnosis(part, Health.OK, words)


def warning(part: str, words: str, advice: str) -> Diagnosis:
    return Diagnosis(part, Health.WARNING, words, advice)


def bad(part: str, words: str, advice: str) -> Diagnosis:
    return Diagnosis(part, Health.BAD, words, advice)
