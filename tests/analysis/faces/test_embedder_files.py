"""Embedders of operators: the interfaces of known ones fit, and what does not fit is refused with a reason."""

from pathlib import Path

import numpy as np
import pytest

from analysis.errors import BadEmbedder
from analysis.faces import embedder_files
from analysis.faces.embedder_files import (
    check_embedder_file,
    find_embedder_file,
    list_embedder_files,
    read_embedder_file,
)
from analysis.faces.onnx_embedder import load_embedder_file
from analysis.faces.thresholds import UnknownEmbedder, thresholds_for
from analysis.types import Image
from tests.analysis.faces.onnx_stand_ins import AURAFACE, write_auraface, write_int8, write_network, write_sface

THRESHOLDS = """
[thresholds]
within_recording = 0.4
across = 0.3
over_border = 0.35
one_track = 0.1
accept = 0.5
review = 0.3
"""


@pytest.fixture
def faces() -> Image:
    return np.random.default_rng(3).integers(0, 256, (5, 112, 112, 3), dtype=np.uint8)


@pytest.mark.parametrize(("write", "dimensions"), [(write_sface, 128), (write_auraface, 512), (write_int8, 512)])
def test_interfaces_of_known_embedders_fit(write, dimensions: int, tmp_path: Path, faces: Image) -> None:  # type: ignore[no-untyped-def]
    file = read_embedder_file(write(tmp_path))
    assert check_embedder_file(file) == dimensions
    vectors = load_embedder_file(file, threads=1).embed(faces)
    assert vectors.shape == (5, dimensions)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_pixels_are_normalised_and_ordered_as_described(tmp_path: Path, faces: Image) -> None:
    rgb = load_embedder_file(read_embedder_file(write_auraface(tmp_path)), threads=1)
    bgr = load_embedder_file(
        read_embedder_file(write_auraface(tmp_path, "other", AURAFACE.replace("RGB", "BGR"))), threads=1
    )
    assert np.allclose(rgb.embed(faces), bgr.embed(faces[..., ::-1]), atol=1e-5)
    assert not np.allclose(rgb.embed(faces), bgr.embed(faces), atol=1e-2)


def test_a_mirrored_pass_makes_a_face_and_its_mirror_image_one(tmp_path: Path, faces: Image) -> None:
    embedder = load_embedder_file(read_embedder_file(write_int8(tmp_path)), threads=1)
    assert np.allclose(embedder.embed(faces), embedder.embed(faces[:, :, ::-1]), atol=1e-5)
    once = embedder.embed(faces, np.zeros(5, bool))
    assert not np.allclose(embedder.embed(faces), once, atol=1e-2)


def test_no_faces_give_no_vectors(tmp_path: Path, faces: Image) -> None:
    for write in (write_sface, write_auraface):
        assert load_embedder_file(read_embedder_file(write(tmp_path)), threads=1).embed(faces[:0]).shape[0] == 0


def test_another_file_under_the_same_name_is_another_embedder(tmp_path: Path) -> None:
    first = read_embedder_file(write_network(tmp_path, "mine", AURAFACE, seed=1))
    second = read_embedder_file(write_network(tmp_path, "mine", AURAFACE, seed=2))
    assert first.label == second.label and first.name != second.name
    with pytest.raises(BadEmbedder, match="missing or was changed"):
        find_embedder_file(tmp_path, first.name)


def test_other_thresholds_or_another_label_are_the_same_embedder(tmp_path: Path) -> None:
    first = read_embedder_file(write_auraface(tmp_path))
    (tmp_path / "glintr100.toml").write_text(AURAFACE.replace("AuraFace", "Aura") + THRESHOLDS)
    second = find_embedder_file(tmp_path, first.name)
    assert (second.digest, second.label) == (first.digest, "Aura")


def test_thresholds_of_the_description_are_known_once_it_is_loaded(tmp_path: Path) -> None:
    file = read_embedder_file(write_auraface(tmp_path, description=AURAFACE + THRESHOLDS))
    with pytest.raises(UnknownEmbedder):
        thresholds_for(file.name)
    load_embedder_file(file, threads=1)
    known = thresholds_for(file.name)
    assert (known.grouping.within_recording, known.identification.accept_from) == (0.4, 0.5)
    assert known.error_rates == ()


@pytest.mark.parametrize(
    ("description", "reason"),
    [
        ('channels = "GRAY"', "channels must be"),
        ("std = 0", "std must be above 0"),
        ("std = 2\nscale = 1", "not both"),
        ("mean = [1, 2]", "a number or three"),
        ("size = 9", "size must be"),
        ('name = " "', "must not be empty"),
        ("colour = 1", "unknown colour"),
        ("[thresholds]\naccept = 0.5", "must give all of"),
        (THRESHOLDS.replace("accept = 0.5", "accept = 0.2"), "accept must be at least review"),
        ("not toml", ""),
    ],
)
def test_a_description_that_is_wrong_says_what_is_wrong(description: str, reason: str, tmp_path: Path) -> None:
    write_auraface(tmp_path, "good")
    write_auraface(tmp_path, "wrong", description)
    found, refused = list_embedder_files(tmp_path)
    assert [each.path.name for each in found] == ["good.onnx"]
    assert [each.file_name for each in refused] == ["wrong.onnx"] and reason in refused[0].reason


@pytest.mark.parametrize(
    ("options", "description", "reason"),
    [
        ({"side": 120}, AURAFACE, "expected .n, 3, 112, 112."),
        ({"size": 8}, AURAFACE, "expected 32 to 4096"),
        ({"factor": 0.0}, AURAFACE, "zero"),
        ({"factor": float("nan")}, AURAFACE, "not finite"),
        ({}, AURAFACE + 'output = "fc7"', "no output 'fc7'"),
    ],
)
def test_a_network_that_does_not_fit_is_refused(
    options: dict[str, float], description: str, reason: str, tmp_path: Path
) -> None:
    file = read_embedder_file(write_network(tmp_path, "odd", description, **options))
    with pytest.raises(BadEmbedder, match=reason):
        check_embedder_file(file)


def test_what_is_no_network_is_refused(tmp_path: Path) -> None:
    path = write_auraface(tmp_path)
    path.write_bytes(b"no network")
    with pytest.raises(BadEmbedder, match="ONNX"):
        check_embedder_file(read_embedder_file(path))
    path.unlink()
    path.symlink_to("/etc/hostname")
    with pytest.raises(BadEmbedder, match="plain file"):
        read_embedder_file(path)


def test_a_missing_folder_holds_no_embedders(tmp_path: Path) -> None:
    assert list_embedder_files(tmp_path / "none") == ([], [])


def test_a_network_that_takes_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = read_embedder_file(write_auraface(tmp_path))
    monkeypatch.setattr(embedder_files, "CHECK_MEMORY_BYTES", 1_000_000)
    with pytest.raises(BadEmbedder, match=r"\.onnx: .*(memory|crashed)"):
        check_embedder_file(file)
