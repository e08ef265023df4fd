"""The colours of the people of one video: as in the rest of the team where possible, but no two alike."""

from collections import Counter
from collections.abc import Sequence
from uuid import UUID

from webapp.hues import HUES
from webapp.people.models import Presence


def hues_in(analysis_id: UUID) -> dict[UUID, int]:
    """Returns the hue of each person on the page of a video, 0..11. One query."""
    rows = Presence.objects.filter(analysis=analysis_id).order_by("-screen_s", "person__number")
    people = list(rows.values_list("person", "person__hue"))
    return dict(zip([pk for pk, _ in people], told_apart([hue for _, hue in people]), strict=True))


def told_apart(hues: Sequence[int]) -> list[int]:
    """Returns hues that differ as long as there are enough; of two alike the first keeps its own."""
    first_with = {hue: place for place, hue in reversed(list(enumerate(hues)))}
    often = Counter(dict.fromkeys(first_with, 1))
    chosen = []
    for place, hue in enumerate(hues):
        if first_with[hue] != place:
            hue = min(range(HUES), key=lambda other: (often[other], (other - hues[place]) % HUES))
            often[hue] += 1
        chosen.append(hue)
    return chosen
