"""Sets of pictures of the shared data that the benchmark of the doctor plants its defects in."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from analysis.images.read import SUFFIXES, read_picture
from analysis.types import Image
from analysis.video.decode import keyframes_at, probe
from benchmarks.shared import shared_folder

PICTURE_SETS = {
    "smile": "classification/smile/train",
    "face_noface": "classification/face_noface/train",
    "expression_ck48": "classification/expression_ck48/train",
    "eyes": "classification/eyes/train",
    "mask": "classification/mask/train",
    "wider": "detection/wider_train_subset",
    "things": "detection/noface_azure",
    "lfw": "identity/lfw/images",
    "frames": "videos",
}
"""Name and folder; "frames" are single frames of every clip."""
TUNING_SETS = {
    "smile": PICTURE_SETS["smile"],
    "face_noface": PICTURE_SETS["face_noface"],
    "expression_ck48": PICTURE_SETS["expression_ck48"],
    "lfw": PICTURE_SETS["lfw"],
    "celebs": "identity/five_celebs",
    "cast": "identity/bbt_cast",
}
"""For choosing thresholds: none of the pictures that are reported on. Of the first four the pictures after those."""
PICTURES_A_SET = 200
CLIP_FOLDERS = ("faces_single", "faces_multi", "no_face")
SECONDS_BETWEEN_FRAMES = 2.0
FRAMES_A_CLIP = 8
FRAME_SIDE_PX = 1280


def files_of(set_name: str, most: int) -> list[Path]:
    """Returns at most `most` picture files of a set, the same ones each time."""
    return _drawn(PICTURE_SETS[set_name], 0, most)


def _drawn(folder: str, skipped: int, most: int) -> list[Path]:
    files = sorted(path for path in shared_folder(folder).rglob("*") if path.suffix.lower() in SUFFIXES)
    chosen = np.sort(np.random.default_rng(0).permutation(len(files))[skipped : skipped + most])
    return [files[index] for index in chosen]


def pictures_of(set_name: str, *, tuning: bool = False) -> tuple[list[Image], list[str]]:
    """Returns at most `PICTURES_A_SET` pictures of a set, and the recording each belongs to.

    Pictures of one recording show the same thing at other moments: neither a planted copy nor clearly none. CK+ files
    are S052_004_00000030.png (person, sitting, frame); the clips of one person are one session in one room; any other
    picture is a recording of its own.
    """
    if set_name == "frames":
        return frames_of_clips(PICTURES_A_SET)
    skipped = PICTURES_A_SET if tuning and set_name in PICTURE_SETS else 0
    folder = (TUNING_SETS if tuning else PICTURE_SETS)[set_name]
    files = _drawn(folder, skipped, PICTURES_A_SET)
    of_sittings = set_name == "expression_ck48"
    recordings = [path.name.rsplit("_", 1)[0] if of_sittings else str(path) for path in files]
    return [read_picture(path) for path in files], recordings


def frames_of_clips(most: int) -> tuple[list[Image], list[str]]:
    """Returns keyframes of the clips, at most `FRAMES_A_CLIP` of each, and the people or clip each shows."""
    frames: list[Image] = []
    recordings: list[str] = []
    known = json.loads((shared_folder("videos") / "ground_truth.json").read_text())
    for folder in CLIP_FOLDERS:
        for path in sorted((shared_folder("videos") / folder).iterdir()):
            info = probe(path)
            times = info.start_s + np.arange(0.5, min(info.duration_s, 60), SECONDS_BETWEEN_FRAMES)
            chosen = list(keyframes_at(path, info, times[:FRAMES_A_CLIP].tolist(), FRAME_SIDE_PX))
            people = known.get(f"{folder}/{path.name}", {}).get("persons", [])
            frames += [frame.image_bgr for frame in chosen]
            recordings += ["+".join(map(str, people)) or str(path)] * len(chosen)
    return frames[:most], recordings[:most]
