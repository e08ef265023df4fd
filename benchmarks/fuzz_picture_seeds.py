"""Small pictures in every format that is read, made here: with EXIF, colour profiles, palettes, 16 bits, animated."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import numpy as np
import PIL.Image
import pillow_heif
from PIL import ImageCms

ORIENTATION, CAMERA, GPS = 0x0112, 0x010F, 0x8825
WIDTH, HEIGHT = 96, 72


def drawn(mode: str = "RGB", seed: int = 0) -> PIL.Image.Image:
    """Returns a soft pattern in a mode of Pillow."""
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH]
    waves = [np.sin(columns / (5 + n + seed)) + np.cos(rows / (7 + n)) for n in range(3)]
    samples = ((np.stack(waves, axis=2) + 2) * 63).astype(np.uint8)
    return PIL.Image.fromarray(samples).convert(mode)


def exif(orientation: int = 6) -> bytes:
    """Returns EXIF as cameras write it: how it was held, by which camera, where."""
    held = PIL.Image.Exif()
    held[ORIENTATION], held[CAMERA] = orientation, "Camera"
    held.get_ifd(GPS).update({1: "N", 2: (48.0, 8.0, 3.0)})
    return held.tobytes()


def saved(image: PIL.Image.Image, kind: str, **options: Any) -> bytes:
    buffer = BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def _further() -> list[PIL.Image.Image]:
    """New ones each time: what a writer notes in a picture is in the way of the next one."""
    return [drawn(seed=n) for n in (3, 6)]


def picture_seeds() -> list[tuple[str, bytes]]:
    """Returns names and contents."""
    pillow_heif.register_heif_opener()
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    deep = PIL.Image.fromarray((np.arange(WIDTH * HEIGHT, dtype=np.uint16) * 9).reshape(HEIGHT, WIDTH))
    return [
        ("plain.jpg", saved(drawn(), "JPEG")),
        ("held.jpg", saved(drawn(), "JPEG", exif=exif(), icc_profile=profile)),
        ("slow.jpg", saved(drawn(), "JPEG", progressive=True, exif=exif(3))),
        ("print.jpg", saved(drawn("CMYK"), "JPEG")),
        ("two.jpg", saved(drawn(), "MPO", save_all=True, append_images=_further())),
        ("plain.png", saved(drawn(), "PNG")),
        ("held.png", saved(drawn("RGBA"), "PNG", exif=exif(8), icc_profile=profile)),
        ("few.png", saved(drawn("P"), "PNG", transparency=3)),
        ("bits.png", saved(drawn("1"), "PNG")),
        ("deep.png", saved(deep, "PNG")),
        ("moves.png", saved(drawn(), "PNG", save_all=True, append_images=_further())),
        ("plain.webp", saved(drawn(), "WEBP", exif=exif())),
        ("exact.webp", saved(drawn("RGBA"), "WEBP", lossless=True, icc_profile=profile)),
        ("moves.webp", saved(drawn(), "WEBP", save_all=True, append_images=_further())),
        ("plain.gif", saved(drawn(), "GIF")),
        ("moves.gif", saved(drawn(), "GIF", save_all=True, append_images=_further(), duration=40)),
        ("plain.bmp", saved(drawn(), "BMP")),
        ("few.bmp", saved(drawn("P"), "BMP")),
        ("plain.tif", saved(drawn(), "TIFF")),
        ("packed.tif", saved(drawn("RGBA"), "TIFF", compression="tiff_lzw")),
        ("soft.tif", saved(drawn(), "TIFF", compression="tiff_adobe_deflate")),
        ("pages.tif", saved(drawn(), "TIFF", save_all=True, append_images=_further())),
        ("camera.tif", saved(drawn(), "TIFF", compression="jpeg")),
        ("fax.tif", saved(drawn("1"), "TIFF", compression="group4")),
        ("plain.avif", saved(drawn(), "AVIF", exif=exif())),
        ("moves.avif", saved(drawn(), "AVIF", save_all=True, append_images=_further())),
        ("plain.heic", saved(drawn(), "HEIF", exif=exif())),
    ]
