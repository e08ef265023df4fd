"""Thresholds of face embedders by name: the one place that is asked, whoever brought the embedder."""

from __future__ import annotations

from dataclasses import dataclass

from analysis.faces.group import THRESHOLDS, Thresholds
from analysis.faces.search import (
    IDENTIFICATION_THRESHOLDS,
    MEASURED_ERROR_RATES,
    ErrorRates,
    IdentificationThresholds,
)


@dataclass(frozen=True, slots=True)
class EmbedderThresholds:
    """Minimum cosines of one embedder, for grouping and for identification."""

    grouping: Thresholds
    identification: IdentificationThresholds
    error_rates: tuple[ErrorRates, ...] = ()
    """Empty where nobody measured them."""
    is_estimated: bool = False
    """From a team's own faces, see `analysis.faces.estimate_thresholds`."""


class UnknownEmbedder(KeyError):
    """No thresholds are known for an embedder of this name."""


_known: dict[str, EmbedderThresholds] = {
    name: EmbedderThresholds(grouping, IDENTIFICATION_THRESHOLDS[name], MEASURED_ERROR_RATES)
    for name, grouping in THRESHOLDS.items()
}


def thresholds_for(name: str) -> EmbedderThresholds:
    """Returns the thresholds of an embedder; raises UnknownEmbedder."""
    try:
        return _known[name]
    except KeyError as error:
        raise UnknownEmbedder(name) from error


def remember_thresholds(name: str, thresholds: EmbedderThresholds) -> None:
    """Makes the thresholds of an operator's embedder known to this process."""
    _known[name] = thresholds
