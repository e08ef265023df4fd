"""Who may decode or parse files: tasks of limited processes, and what reads files that the product made itself."""

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
OWN_JSON = {
    "analysis/archives/box_cells.py",  # in the limited process
    "analysis/exports/people.py",
    "analysis/limited/child.py",
    "analysis/limited/command.py",
    "analysis/limited/fork_server.py",
    "analysis/limited/messages.py",
    "analysis/samples/edition.py",
    "analysis/training/run_document.py",
    "webapp/audit/words.py",
    "webapp/datasets/importing/inbox.py",
    "webapp/datasets/importing/plans.py",
    "webapp/http/toasts.py",
    "webapp/operation/backup/archive_codec.py",
    "webapp/operation/diagnosis/installation_queries.py",
}
"""Of the product's own, and what limited processes say."""
REQUESTS = {"webapp/datasets/labelling/forms.py", "webapp/videos/upload_forms.py"}
"""What pages send: as much as a form may have, and no file."""
PARSES = (
    r"archives(?: import|\.)[^\n]*\b(?:zip_archive|archive_\w+|json_rows|tables|box_\w+|list_text)\b"
    r"|listed_files import[^\n]*\b(?:of_coco|own_labels)\b"
)
"""Whoever uses what parses archives and lists."""
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
    r"\bzipfile\b|\btarfile\b|\bimport (?:gzip|bz2|lzma)\b": {
        "analysis/archives/zip_archive.py",
        "analysis/weight_conversion/fetch.py",  # weights from registries, whose sums are known
        "webapp/http/zip_stream.py",  # writes one
        "webapp/operation/backup/archive_codec.py",  # of the operator's own
    },
    r"csv\.(?:Dict)?[rR]eader\(": {
        "analysis/archives/tables.py",
        "analysis/training/data/samples.py",  # the list that the product wrote beside its samples
        "analysis/training/evaluation/predictions_csv.py",  # of a training
    },
    r"\bxml\b.* import |import xml|\bexpat\.|\byaml\.": {"analysis/archives/box_lists.py"},
    r"json\.loads?\(": OWN_JSON | REQUESTS,
    PARSES: {"analysis/limited/child.py"}
    | {
        f"analysis/archives/{name}.py"
        for name in (
            *("archive_items", "archive_tasks", "box_layouts", "box_lists", "json_rows", "listed_files", "tables"),
            "part_folders",
        )
    },
    r"cv2\.(?:imdecode|imread|VideoCapture)\(": {"analysis/faces/stored_views.py"},  # that the analysis cut out
}


@pytest.mark.parametrize("pattern", MAY)
def test_nothing_else_decodes(pattern: str) -> None:
    files = [path for top in ("analysis", "webapp") for path in (PROJECT / top).rglob("*.py")]
    found = {path.relative_to(PROJECT).as_posix() for path in files if re.search(pattern, path.read_text())}
    assert found == MAY[pattern]
