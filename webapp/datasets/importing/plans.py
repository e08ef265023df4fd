"""The units of an import that reads the database: listed once and kept, so that a repeat goes through the same ones."""

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self
from uuid import UUID

from webapp import storage
from webapp.datasets.importing.candidate_types import ListReader, Work
from webapp.jobs.errors import FileGone
from webapp.videos.models import Video

MOST_UNITS = 1_000_000
ROUNDING_S = 1e-9
"""Times this close are the same: sums of steps round."""
Plan = dict[str, Any]


def kept(work: Work, make: Callable[[], Plan]) -> Plan:
    """Returns the plan of the first attempt, which makes and stores it before anything is added."""
    key = f"{work.of_import.inbox_prefix}/plan.json"
    if storage.exists(key):
        plan: Plan = json.loads(storage.read_bytes(key))
        return plan
    plan = make()
    storage.put_bytes(key, json.dumps(plan).encode())
    return plan


@dataclass(frozen=True, slots=True)
class PlannedReader(ListReader):
    """Its units stand in a plan, beside what several of them share."""

    plan: Plan

    @classmethod
    def of(cls, work: Work, plan: Plan) -> Self:
        return cls(work, plan["units"], plan)


def grid(start_s: float, end_s: float, step_s: float) -> list[float]:
    """Returns `start_s`, and one moment every `step_s` seconds before `end_s`."""
    return [start_s + n * step_s for n in range(grid_size(start_s, end_s, step_s))]


def grid_size(start_s: float, end_s: float, step_s: float) -> int:
    """Returns how many moments `grid` lists."""
    if end_s < start_s:
        return 0
    return max(1, min(_first_from(end_s, start_s, step_s), MOST_UNITS))


def count_inside(first_s: float, last_s: float, start_s: float, end_s: float, step_s: float) -> int:
    """Returns how many moments of that `grid` lie from `first_s` to `last_s`, without listing them."""
    size = grid_size(start_s, end_s, step_s)
    begin = min(_first_from(first_s, start_s, step_s), size)
    return max(0, min(_first_from(last_s + ROUNDING_S, start_s, step_s), size) - begin)


def _first_from(time_s: float, start_s: float, step_s: float) -> int:
    """Returns the number of the first moment at or after a time."""
    number = max(0, math.ceil((time_s - start_s) / step_s))
    # The division rounds: its neighbours are compared as `grid` computes them.
    while number and start_s + (number - 1) * step_s >= time_s:
        number -= 1
    while start_s + number * step_s < time_s:
        number += 1
    return number


def standing_video(video_id: str) -> Video:
    """Returns the video; raises FileGone once it is deleted, also while its deletion can still be undone."""
    video = Video.objects.filter(pk=UUID(video_id), deleted_at=None).first()
    if video is None:
        raise FileGone(video_id)
    return video
