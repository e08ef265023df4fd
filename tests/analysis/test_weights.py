"""Weights: pinned, verified on load, fetched whole or not at all."""

import os
import re
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from analysis.errors import MissingWeights
from analysis.weight_conversion import fetch
from analysis.weights import ALL_WEIGHTS, FETCH_COMMAND, YUNET, missing_weights, sha256_of, verified_path

ROOT = Path(__file__).resolve().parents[2]


def test_every_weight_is_pinned_and_named_in_the_notice() -> None:
    notice = (ROOT / "NOTICE.md").read_text()
    for weight in ALL_WEIGHTS:
        assert re.fullmatch("[0-9a-f]{64}", weight.sha256), weight.name
        assert re.fullmatch("[0-9a-f]{64}", weight.source_sha256), weight.name
        assert weight.licence
        assert f"{weight.package} {weight.version}" in notice, weight.name
    assert len({weight.file_name for weight in ALL_WEIGHTS}) == len(ALL_WEIGHTS)


def test_a_missing_weight_names_the_command_that_fetches_it(tmp_path: Path) -> None:
    with pytest.raises(MissingWeights, match=FETCH_COMMAND):
        verified_path(YUNET, tmp_path)
    assert missing_weights(tmp_path) == list(ALL_WEIGHTS)


def test_a_changed_weight_is_not_loaded_even_after_it_was_right(tmp_path: Path) -> None:
    weight = replace(YUNET, sha256="", file_name="a.onnx")
    file = tmp_path / weight.file_name
    file.write_bytes(b"right")
    weight = replace(weight, sha256=sha256_of(file))
    assert verified_path(weight, tmp_path) == file
    file.write_bytes(b"wrong")
    os.utime(file, ns=(1, 1))
    with pytest.raises(MissingWeights, match="differs from its checksum"):
        verified_path(weight, tmp_path)


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> zipfile.ZipFile:
    """An archive in place of what a registry's client would have brought."""
    archive = tmp_path / "package.zip"
    monkeypatch.setattr(fetch, "_download", lambda weight, scratch: archive)
    return zipfile.ZipFile(archive, "w")


def test_what_is_not_the_pinned_file_is_refused_and_leaves_nothing(tmp_path: Path, package: zipfile.ZipFile) -> None:
    with package:
        package.writestr(YUNET.path_inside, b"something else")
    folder = tmp_path / "weights"
    with pytest.raises(MissingWeights, match="SHA-256"):
        fetch.fetch(YUNET, folder)
    assert list(folder.iterdir()) == []


def test_a_package_without_the_file_is_one_line(tmp_path: Path, package: zipfile.ZipFile) -> None:
    with package:
        package.writestr("README", b"")
    failures = fetch.fetch_missing([YUNET], lambda line: None, tmp_path / "weights")
    assert len(failures) == 1
    assert YUNET.path_inside in failures[0]
    assert "\n" not in failures[0]


def test_a_client_that_fails_is_one_line(tmp_path: Path) -> None:
    unknown = replace(YUNET, version="0.0.0.dev0")
    failures = fetch.fetch_missing([unknown], lambda line: None, tmp_path / "weights")
    assert len(failures) == 1
    assert "\n" not in failures[0]
    assert "could not be fetched" in failures[0]


def test_with_all_weights_the_command_neither_fetches_nor_imports_the_converters() -> None:
    code = "import sys, analysis.__main__ as m; assert m.main(['weights']) == 0; print(sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "'onnx'" not in done.stdout
    assert "'onnxruntime'" not in done.stdout
    assert "'cv2'" not in done.stdout
