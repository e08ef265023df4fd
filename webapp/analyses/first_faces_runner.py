"""Groups the faces of a running analysis roughly, so that each likely person is shown once."""

from uuid import UUID

import numpy as np

from analysis.types import Float32
from webapp.people import sample_codec
from webapp.people.models import Face

ALIKE = 0.6
"""Cosine. Within one video the same person mostly scores above 0.75 and different people up to 0.57."""
VIEWS_PER_GROUP = 6
"""Faces of a group that are compared, so that a long video stays quick."""


class RoughGroups:
    """Puts each face into the group of its most similar face, or a new one; two faces of one frame never share one."""

    def __init__(self) -> None:
        self._vectors: list[Float32] = []
        self._groups: list[int] = []
        self._moments: dict[float, set[int]] = {}
        self._count = 0

    @classmethod
    def of_analysis(cls, analysis_id: UUID) -> "RoughGroups":
        """Returns groups with the faces that are stored already."""
        groups = cls()
        faces = Face.objects.filter(analysis=analysis_id, preliminary_group__isnull=False)
        for group, time_s, blob in faces.values_list("preliminary_group", "time_s", "embedding"):
            groups._remember(group or 0, time_s, sample_codec.unpack_vector(blob))
        return groups

    def add(self, embedding: Float32, time_s: float) -> int:
        """Adds a face and returns its group."""
        known = self._most_alike(embedding, self._moments.get(time_s, set()))
        group = self._count if known is None else known
        self._remember(group, time_s, embedding)
        return group

    def _most_alike(self, embedding: Float32, taken: set[int]) -> int | None:
        if not self._vectors:
            return None
        similarity = np.stack(self._vectors) @ embedding
        for position in np.argsort(-similarity):
            if similarity[position] < ALIKE:
                return None
            if self._groups[position] not in taken:
                return self._groups[position]
        return None

    def _remember(self, group: int, time_s: float, embedding: Float32) -> None:
        if self._groups.count(group) < VIEWS_PER_GROUP:
            self._vectors.append(embedding)
            self._groups.append(group)
        self._moments.setdefault(time_s, set()).add(group)
        self._count = max(self._count, group + 1)
