"""Runs `probe`: prints what a video file holds, as JSON."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path

from analysis.errors import AnalysisError

REFUSED = 2


def run_probe(args: argparse.Namespace) -> int:
    """Prints VideoInfo, or `{"error", "message"}` and returns 2."""
    from analysis.video.decode import probe  # deferred: loads av

    try:
        info = probe(Path(args.video))
    except AnalysisError as error:
        print(json.dumps({"error": error.code, "message": str(error)}))
        return REFUSED
    print(json.dumps(asdict(info)))
    return 0
