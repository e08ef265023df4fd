"""Draws the faces of review questions on one contact sheet, to be judged by eye."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from analysis.types import Image

SIDE_PX, WORDS_PX, COLUMNS = 128, 36, 6


@dataclass(frozen=True, slots=True)
class DrawnQuestion:
    """A question as it was asked: who keeps the name first, and JPEGs of the faces."""

    people: list[str]
    similarity: float
    chance: float
    is_same: bool
    is_impossible: bool
    pictures: list[bytes]


def draw(path: Path, questions: Sequence[DrawnQuestion]) -> None:
    """Writes a PNG with a row for each question."""
    rows = [_row(number, question) for number, question in enumerate(questions, start=1)]
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.vstack(rows) if rows else np.zeros((WORDS_PX, SIDE_PX, 3), np.uint8))


def _row(number: int, question: DrawnQuestion) -> Image:
    row = np.full((SIDE_PX + WORDS_PX, COLUMNS * SIDE_PX, 3), 255, np.uint8)
    for column, jpeg in enumerate(question.pictures[:COLUMNS]):
        face = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
        if face is not None:
            left = column * SIDE_PX
            row[WORDS_PX:, left : left + SIDE_PX] = cv2.resize(face, (SIDE_PX, SIDE_PX))
    verdict = "IMPOSSIBLE" if question.is_impossible else "same" if question.is_same else "DIFFERENT"
    for line, words in enumerate(
        [f"{number} {verdict} {question.similarity:.2f} chance {question.chance:.2f}", " | ".join(question.people)]
    ):
        cv2.putText(row, words[:130], (4, 14 + 16 * line), cv2.FONT_HERSHEY_SIMPLEX, 0.4, (0, 0, 0), 1, cv2.LINE_AA)
    return row
