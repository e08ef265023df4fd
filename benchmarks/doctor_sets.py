"""Sets of pictures of the shared data that the benchmark of the doctor plants its defects in."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from analysis.pictures import SUFFIXES, read_picture
from analysis.types import Image
from analysis.video import keyframes_at, probe
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
CLIP_FOLDERS = ("faces_single", "faces_multi", "no_face")
SECONDS_BETWEEN_FRAMES = 2.0
FRAMES_A_CLIP = 8
FRAME_SIDE_PX = 1280


def files_of(set_name: str, most: int) -> list[Path]:
    """At most `most` picture files, the same ones each time, drawn from all folders alike."""
    folder = shared_folder(PICTURE_SETS[set_name])
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
    chosen = np.sort(np.random.default_rng(0).permutation(len(files))[:most])
    return [files[index] for index in chosen]


def pictures_of(set_name: str, most: int) -> list[Image]:
    if set_name == "frames":
        return frames_of_clips(most)
    return [read_picture(path) for path in files_of(set_name, most)]


def frames_of_clips(most: int) -> list[Image]:
    """Keyframes of the clips, at most `FRAMES_A_CLIP` of each."""
    frames: list[Image] = []
    for folder in CLIP_FOLDERS:
        for path in sorted((shared_folder("videos") / folder).iterdir()):
            info = probe(path)
            times = info.start_s + np.arange(0.5, min(info.duration_s, 60), SECONDS_BETWEEN_FRAMES)
            chosen = list(keyframes_at(path, info, times[:FRAMES_A_CLIP].tolist(), FRAME_SIDE_PX))
            frames += [frame.image_bgr for frame in chosen]
    return frames[:most]
