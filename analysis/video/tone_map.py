"""From the colours of high dynamic range to those of a screen, as a table for ffmpeg's filter `lut3d`.

Diffuse white, 203 nits (ITU-R BT.2408), becomes a screen's white; what is brighter is bent into the rest.
"""

from __future__ import annotations

import atexit
import os
from functools import cache
from pathlib import Path
from tempfile import mkstemp

import numpy as np

from analysis.types import Float64
from analysis.video.as_shown import HLG, PQ

SIDE = 33
WHITE_NITS = 203.0
PEAK_NITS = 4000.0
KNEE = 0.85
"""Up to here, of a screen's white, nothing is bent."""
HLG_NITS = 1000.0
HLG_GAMMA = 1.2
SCREEN_GAMMA = 2.4
LUMA_2020 = np.array([0.2627, 0.6780, 0.0593])
TO_709 = np.array([[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]])
"""From the primaries of BT.2020 to those of BT.709 (ITU-R BT.2087)."""


@cache
def lut_file(curve: str) -> Path:
    """Returns a file with the table of the curve, "pq" or "hlg"; it goes with this process."""
    number, name = mkstemp(prefix=f"tone-map-{curve}-", suffix=".cube")
    path = Path(name)
    atexit.register(path.unlink, missing_ok=True)
    with os.fdopen(number, "w") as file:
        file.write(f"LUT_3D_SIZE {SIDE}\n")
        np.savetxt(file, _table(curve), fmt="%.6f")
    return path


def _table(curve: str) -> Float64:
    """Returns `(SIDE ** 3, 3)`: red, green and blue for each colour, red the fastest."""
    steps = np.linspace(0, 1, SIDE)
    blue, green, red = np.meshgrid(steps, steps, steps, indexing="ij")
    return to_screen(np.stack([red, green, blue], axis=-1).reshape(-1, 3), curve)


def to_screen(coded: Float64, curve: str) -> Float64:
    """Turns colours `(n, 3)` of BT.2020, coded 0..1 by "pq" or "hlg", into those of a BT.709 screen, coded 0..1."""
    nits = {PQ: _pq_nits, HLG: _hlg_nits}[curve](coded)
    light = _bent(np.maximum(nits / WHITE_NITS @ TO_709.T, 0))
    return np.asarray(np.clip(light, 0, 1) ** (1 / SCREEN_GAMMA), np.float64)


def _pq_nits(coded: Float64) -> Float64:
    """Source: SMPTE ST 2084."""
    m1, m2, c1, c2, c3 = 2610 / 16384, 2523 / 32, 3424 / 4096, 2413 / 128, 2392 / 128
    root = coded ** (1 / m2)
    return np.asarray(10_000 * (np.maximum(root - c1, 0) / (c2 - c3 * root)) ** (1 / m1), np.float64)


def _hlg_nits(coded: Float64) -> Float64:
    """Source: ITU-R BT.2100, for a screen of 1,000 nits."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    scene = np.where(coded <= 0.5, coded**2 / 3, (np.exp((coded - c) / a) + b) / 12)
    brightness = (scene @ LUMA_2020)[:, None]
    return np.asarray(HLG_NITS * scene * np.maximum(brightness, 1e-9) ** (HLG_GAMMA - 1), np.float64)


def _bent(light: Float64) -> Float64:
    """Bends what is above the knee so that the peak becomes 1: a Möbius curve, which begins with the same slope."""
    peak = PEAK_NITS / WHITE_NITS
    a = -(KNEE**2) * (peak - 1) / (KNEE**2 - 2 * KNEE + peak)
    b = (KNEE**2 - 2 * KNEE * peak + peak) / (peak - 1)
    bent = (b**2 + 2 * b * KNEE + KNEE**2) / (b - a) * (light + a) / (light + b)
    return np.asarray(np.where(light <= KNEE, light, bent), np.float64)
