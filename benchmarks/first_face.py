"""Time to the first face on the page: an hour of 720p is uploaded to the real product, with Chromium on the page.

`python -m benchmarks.first_face [--minutes 60] [--rounds 3] [--scratch DIR]`
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from playwright.sync_api import Page

from benchmarks.clips import VIDEOS, ffmpeg
from benchmarks.visitor import CHUNK_BYTES, EMAIL, PASSWORD, Visitor
from tests.e2e.browser import browser, new_context, sign_in
from tests.product import Product

CLIP = VIDEOS / "faces_single" / "lp_s18.mp4"
ONCE_S = 60
WITHIN_S = 60
NOTE_FIRST_FACE = """
document.addEventListener("load", (event) => {
  const at = event.target;
  if (at.matches?.("img") && at.src.includes("/people/faces/")) window.firstFaceAt ??= Date.now();
}, true);
"""


def long_video(folder: Path, minutes: float, number: int) -> Path:
    """Makes a long video: encodes a minute once and repeats it; the title makes each file unique."""
    once, target = folder / "once.mp4", folder / f"long{number}.mp4"
    if not once.exists():
        picture = "scale=1280:720:force_original_aspect_ratio=decrease,pad=1280:720:-1:-1,fps=25,format=yuv420p"
        encoding = ["-c:v", "libx264", "-preset", "superfast", "-b:v", "2M", "-g", "50", "-an"]
        ffmpeg("-stream_loop", "-1", "-i", str(CLIP), "-t", str(ONCE_S), "-vf", picture, *encoding, str(once))
    repeats = ["-stream_loop", "-1", "-i", str(once), "-t", str(minutes * 60), "-c", "copy"]
    ffmpeg(*repeats, "-metadata", f"title={number}", "-movflags", "+faststart", str(target))
    return target


def chunks_of(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk


def wait_s(page: Page, address: str, visitor: Visitor, path: Path) -> float:
    """Returns the seconds from the upload's last response until a face is drawn on the open page."""
    upload, video = visitor.begin_upload(path.name, path.stat().st_size)
    page.goto(f"{address}/videos/{video}/")
    visitor.send(upload, chunks_of(path))
    complete_at = time.time()
    while time.time() - complete_at < WITHIN_S:
        if at := page.evaluate("() => window.firstFaceAt ?? 0"):
            visitor.ask("POST", f"/videos/{video}/delete/")
            return float(at / 1000 - complete_at)
        page.wait_for_timeout(100)
    raise RuntimeError(f"no face within {WITHIN_S} s")


def measure(minutes: float, rounds: int, folder: Path) -> str:
    product = Product(folder / "data")
    try:
        product.wait_until_ready()
        visitor = Visitor(product.port)
        visitor.become_owner(product.owner_link)
        with browser() as chromium:
            context = new_context(chromium)
            context.add_init_script(NOTE_FIRST_FACE)
            page = context.new_page()
            sign_in(page, product.address, EMAIL, PASSWORD)
            waited = []
            for number in range(rounds):
                path = long_video(folder, minutes, number)
                size_mb = path.stat().st_size / 1e6
                waited.append(wait_s(page, product.address, visitor, path))
                path.unlink()
        each = ", ".join(f"{seconds:.2f}" for seconds in waited)
        return (
            f"{minutes:g} min of 720p ({size_mb:.0f} MB): first face after {each} s, median {median(waited):.2f} s "
            "(the first one starts cold)"
        )
    finally:
        product.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--scratch", type=Path)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=args.scratch, ignore_cleanup_errors=True) as folder:
        print(measure(args.minutes, args.rounds, Path(folder)))


if __name__ == "__main__":
    main()
