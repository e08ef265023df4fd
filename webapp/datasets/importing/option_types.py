"""What was chosen in the form of an import, as it is kept in `Import.options`."""

from dataclasses import asdict, dataclass, fields
from typing import Any

from analysis.types import EXACT_TOLERANCE_S

BEST_VIEWS, EVERY, SCENES, APPEARANCES, CHOSEN = "views", "every", "scenes", "appearances", "chosen"
ANY, WITH, WITHOUT = "any", "with", "without"
KEEP_PARTS, DROP_PARTS = "keep", "drop"


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """Not every source asks for each of them. Ids are text, as JSON has it."""

    people: tuple[str, ...] = ()
    videos: tuple[str, ...] = ()
    how: str = ""
    """`views`, `every`, `scenes`, `appearances` or `chosen`."""
    step_s: float = 2.0
    length_s: float = 3.0
    faces: str = ANY
    least_side: int = 0
    """Pictures with a shorter side (pixels) are not taken."""
    names_as_labels: bool = False
    label: str = ""
    """What everything that comes is to be labelled."""
    one_source: bool = False
    """Everything comes from one occasion and must not be parted by a split."""
    parts: str = ""
    """`keep` or `drop` what folders called train, val and test say; not asked, only our own lists count."""
    expected: int = 0
    """How many files were chosen for the upload."""
    chosen: tuple[dict[str, Any], ...] = ()
    """Single moments, each as `webapp.datasets.importing.single_moment_services.Moment`."""

    @classmethod
    def of_json(cls, stored: dict[str, Any]) -> "ImportOptions":
        known = {field.name for field in fields(cls)}
        values = {name: value for name, value in stored.items() if name in known}
        for name in ("people", "videos", "chosen"):
            values[name] = tuple(values.get(name, ()))
        return cls(**values)

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"people": list(self.people), "videos": list(self.videos), "chosen": list(self.chosen)}


SAME_MOMENT_S = EXACT_TOLERANCE_S
"""Frames bear their own times, also those that another import has taken."""
