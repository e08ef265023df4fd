"""The units of an import that reads the database: listed once and kept, so that a repeat goes through the same ones."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self
from uuid import UUID

from webapp import storage
from webapp.datasets.importing.candidate_types import ListReader, Work
from webapp.datasets.models import Import
from webapp.jobs.errors import FileGone
from webapp.videos.models import Video

MOST_UNITS = 1_000_000
Plan = dict[str, Any]


def plan_key(of_import: Import) -> str:
    return f"{of_import.inbox_prefix}/plan.json"


def kept(work: Work, make: Callable[[], Plan]) -> Plan:
    """Returns the plan of the first attempt, which makes and stores it before anything is added."""
    key = plan_key(work.of_import)
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
    count = max(1, int((end_s - start_s) / step_s + 1e-6) + 1) if end_s >= start_s else 0
    times = [start_s + n * step_s for n in range(min(count, MOST_UNITS))]
    return [time_s for time_s in times if time_s < end_s or time_s == start_s]


def standing_video(video_id: str) -> Video:
    """Returns the video; raises FileGone once it is deleted, also while its deletion can still be undone."""
    video = Video.objects.filter(pk=UUID(video_id), deleted_at=None).first()
    if video is None:
        raise FileGone(video_id)
    return video
