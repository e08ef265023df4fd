"""Who may decode files: tasks of limited processes, and what reads files that the product made itself."""

from __future__ import annotations

import re

import pytest

from tests.guards.import_rules import PROJECT

OWN_PICTURES = {
    "analysis/recognition/predict_video.py",  # views of faces that the analysis cut out
    "analysis/samples/video.py",  # the pictures of the sample
    "webapp/datasets/preview_views.py",  # thumbnails
}
COMMANDS = {"analysis/cli/doctor.py", "analysis/cli/faces.py", "analysis/exports/people.py"}
"""Whoever runs a command reads files of their own."""
LIMITED = {
    "analysis/images/picture_tasks.py",
    "analysis/cli/photo.py",
    "analysis/cli/profile_picture.py",
    "analysis/exports/blur_picture.py",
}
MAY = {
    r"import (?:.*, )?unlimited_\w+|video\.unlimited_\w+ import": {
        "analysis/video/decode_tasks.py",
        "analysis/exports/reel_tasks.py",
        "analysis/exports/hidden_copy.py",
        "analysis/exports/check_copy.py",
    },
    r"\bav\.open\(": {
        "analysis/video/containers.py",
        "analysis/samples/video.py",  # writes the sample
        "analysis/exports/copy_file.py",  # writes a copy
    },
    r"containers import (?:\([^)]*|.*)\bopen_video": {
        "analysis/video/unlimited_decode.py",
        "analysis/video/unlimited_probe.py",
        "analysis/exports/copy_file.py",  # the parts of a copy, which it encoded
    },
    r"Image\.open\(": {"analysis/images/read.py"},
    r"\b(?:decode_picture|read_picture)\(": {"analysis/images/read.py"} | OWN_PICTURES | COMMANDS | LIMITED,
    r"cv2\.(?:imdecode|imread|VideoCapture)\(": {"analysis/faces/stored_views.py"},  # that the analysis cut out
}


@pytest.mark.parametrize("pattern", MAY)
def test_nothing_else_decodes(pattern: str) -> None:
    files = [path for top in ("analysis", "webapp") for path in (PROJECT / top).rglob("*.py")]
    found = {path.relative_to(PROJECT).as_posix() for path in files if re.search(pattern, path.read_text())}
    assert found == MAY[pattern]
