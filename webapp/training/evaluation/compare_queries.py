"""Compares runs: differing settings, figures, and whether a difference is more than chance."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from analysis.training.evaluation.curves import chance_of_difference
from analysis.training.evaluation.intervals import accuracy_interval
from analysis.training.run_document import PartFigures
from webapp.training import caveat_words
from webapp.training.evaluation import queries
from webapp.training.models import TrainingRun
from webapp.training.setting_words import value_of

FEWEST_IN_COMMON = 20
"""With fewer common samples no difference can be told from chance."""
QUIET_SETTINGS = frozenset({"threads", "device", "minutes", "mixed_precision"})
"""Where and how fast it ran does not make a model better."""


@dataclass(frozen=True, slots=True)
class ComparedRun:
    """One run in the table; `settings` per column: the value, and whether it differs from most runs."""

    run: TrainingRun
    figures: PartFigures
    interval: tuple[float, float]
    """Of the accuracy."""
    data: queries.EvaluationData
    is_tested: bool
    is_grave: bool
    settings: list[tuple[Any, bool]]


SORTS: dict[str, tuple[Callable[[ComparedRun], Any], bool]] = {
    "accuracy": (lambda row: row.figures["accuracy"], True),
    "f1": (lambda row: row.figures["macro_f1"], True),
    "calibration": (lambda row: row.figures["expected_calibration_error"], False),
    "number": (lambda row: row.run.number, True),
}
"""What the table can be sorted by, and whether the largest comes first."""


def differing(runs: Sequence[TrainingRun]) -> list[str]:
    """Returns the names of the settings that differ between runs; "recipe" and "version" first."""
    names = sorted({name for run in runs for name in run.config} - {"recipe"} - QUIET_SETTINGS)
    return [name for name in ("recipe", "version", *names) if len({repr(_value(run, name)) for run in runs}) > 1]


def table(runs: Sequence[TrainingRun], sort: str) -> tuple[list[str], list[ComparedRun]]:
    """Returns the differing settings and a row for each run, sorted by a key of SORTS (else by accuracy)."""
    names = differing(runs)
    values = {name: [repr(_value(run, name)) for run in runs] for name in names}
    most_frequent = {name: max(sorted(set(found)), key=found.count) for name, found in values.items()}
    rows = [_row(run, names, most_frequent) for run in runs]
    key, largest_first = SORTS.get(sort, SORTS["accuracy"])
    return names, sorted(rows, key=key, reverse=largest_first)


def _row(run: TrainingRun, names: Sequence[str], usual: Mapping[str, str]) -> ComparedRun:
    part = caveat_words.measured_part(run.document)
    values = [(value_of(name, _value(run, name)), repr(_value(run, name)) != usual[name]) for name in names]
    figures = queries.figures(run, part)
    data = queries.EvaluationData(queries.right_count(figures), figures["count"], figures["sources"], False)
    return ComparedRun(
        run,
        figures,
        accuracy_interval(figures),
        data,
        bool(run.document["test"]),
        bool(caveat_words.grave_caveats(run)),
        values,
    )


def _value(run: TrainingRun, name: str) -> Any:
    if name == "recipe":
        return run.result.get("chosen_recipe") or run.recipe
    return run.version_number if name == "version" else run.config.get(name)


@dataclass(frozen=True, slots=True)
class AccuracyDifference:
    """How much more accurate the first run is, in percentage `points` (may be negative), on `common` samples.

    `chance` is the p-value, None where they cannot be compared fairly. `alone` counts samples that only one predicted.
    """

    first: TrainingRun
    second: TrainingRun
    common: int
    alone: int
    points: float = 0.0
    chance: float | None = None

    @property
    def better(self) -> TrainingRun:
        return self.first if self.points >= 0 else self.second


def difference(first: TrainingRun, second: TrainingRun) -> AccuracyDifference:
    """Compares two runs on the samples that both held out, with the same target for both."""
    part, other_part = (caveat_words.measured_part(run.document) for run in (first, second))
    if part != other_part:
        return AccuracyDifference(first, second, 0, 0)
    mine, theirs = _right_by_sample(first, part), _right_by_sample(second, part)
    shared = sorted(key for key in mine.keys() & theirs.keys())
    alone = len(mine.keys() ^ theirs.keys())
    if len(shared) < FEWEST_IN_COMMON:
        return AccuracyDifference(first, second, len(shared), alone)
    ours = np.array([mine[key][0] for key in shared])
    others = np.array([theirs[key][0] for key in shared])
    sources = np.unique([mine[key][1] for key in shared], return_inverse=True)[1]
    chance = chance_of_difference(ours, others, sources.astype(np.intp))
    return AccuracyDifference(first, second, len(shared), alone, 100 * float(ours.mean() - others.mean()), chance)


def _right_by_sample(run: TrainingRun, part: str) -> dict[tuple[int, str], tuple[bool, str]]:
    """Maps (sample, target) to whether it was predicted right, and the source of the sample."""
    held_out = run.held_out_predictions.filter(part=part, sample__isnull=False)
    rows = held_out.values_list("sample", "truth", "said", "sample__source")
    return {(sample, target): (target == predicted, source) for sample, target, predicted, source in rows}
