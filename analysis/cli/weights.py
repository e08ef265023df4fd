"""`python -m analysis weights`: fetches and converts missing or damaged model weights, prepares the sample."""

from __future__ import annotations

import argparse
import sys

from analysis.errors import AnalysisError
from analysis.samples.edition import is_prepared
from analysis.weights import ALL_WEIGHTS, missing_weights, sample_video_path, weights_folder


def run_weights(_: argparse.Namespace) -> int:
    """Runs `weights`; returns 0 if all weights are there in the end, else 2 and prints a line for each missing one."""
    missing = missing_weights()
    if not missing:
        print(f"all {len(ALL_WEIGHTS)} model weights are in {weights_folder()}")
        return _prepare_sample()
    from analysis.weight_conversion.fetch import fetch_missing  # deferred: rarely needed

    failures = fetch_missing(missing, lambda line: print(line, file=sys.stderr, flush=True))
    for failure in failures:
        print(f"missing_weights: {failure}", file=sys.stderr)
    if failures:
        return 2
    print(f"{len(missing)} model weights stored in {weights_folder()}")
    return _prepare_sample()


def _prepare_sample() -> int:
    """Draws and analyses the sample video ahead. Never fails: what is missing the product makes when it is asked."""
    if is_prepared():
        print(f"sample video in {sample_video_path()}")
        return 0
    from analysis.samples.analysed_ahead import analyse_ahead  # deferred: loads cv2
    from analysis.samples.video import draw_ahead  # deferred: loads cv2

    try:
        print(f"sample video in {draw_ahead()}")
        print(f"its analysis in {analyse_ahead()}")
    except (OSError, AnalysisError) as error:
        print(f"sample video not prepared: {error}", file=sys.stderr)
    return 0
