"""Odd videos through upload to the player: size, length, orientation, second and box against Chromium's own pixels.

`python -m benchmarks odd_files [--cases FOLDER] [--scratch DIR]`: one line for each video of the folder, of odd clips
made here without one; exits with 1 where something is missed.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from imageio_ffmpeg import get_ffmpeg_exe
from playwright.sync_api import Error, Page

from analysis.faces.detect import load_detector
from analysis.video.containers import MAX_FRAME_PIXELS
from benchmarks.first_face import chunks_of
from benchmarks.odd_inputs import make_inputs
from benchmarks.player_judge import Case, Judge, Original
from benchmarks.visitor import EMAIL, PASSWORD, Visitor
from tests.e2e.browser import browser, new_context, sign_in
from tests.product import Product

NO_VIDEOS = (".zip", ".png", ".jpg", ".jpeg", ".avif", ".webp", ".csv", ".json", ".md", ".txt")
WITHIN_S = 300
POLL_S = 0.5


def upload_all(visitor: Visitor, paths: list[Path]) -> list[tuple[Path, str]]:
    """Uploads the files one after the other; returns each with the id of its video."""
    uploads = []
    for path in paths:
        address, video = visitor.begin_upload(path.name, path.stat().st_size)
        visitor.send(address, chunks_of(path))
        uploads.append((path, video))
    return uploads


def refusal(visitor: Visitor, video: str) -> str:
    """Waits for the end of the analysis; returns why there is none, "" where it ended well."""
    give_up_at = time.monotonic() + WITHIN_S
    while time.monotonic() < give_up_at:
        visitor.ask("GET", f"/videos/{video}/state/")
        said = json.loads(visitor.text)
        if said["is_final"]:
            problem = said["problem"] or {"headline": said["state"], "detail": ""}
            return "" if said["state"] == "done" else f"{problem['headline']} {problem['detail']}".strip()
        time.sleep(POLL_S)
    return f"not done after {WITHIN_S} s"


def open_player(page: Page, address: str, video: str) -> bool:
    """Opens the video's page; returns whether a player with scrub pictures comes in time."""
    give_up_at = time.monotonic() + WITHIN_S
    while time.monotonic() < give_up_at:
        page.goto(f"{address}/videos/{video}/")
        if page.query_selector("scrub-bar[data-sprites]"):
            return True
        time.sleep(POLL_S)
    return False


def is_film(path: Path) -> bool:
    """Tells whether ffmpeg reads more than one picture of acceptable size, and no damage."""
    limits = ["-v", "error", "-xerror", "-nostdin", "-max_pixels", str(MAX_FRAME_PIXELS), "-i", str(path)]
    counting = [*limits, "-map", "0:v:0", "-fps_mode", "passthrough", "-f", "framehash", "-"]
    done = subprocess.run([get_ffmpeg_exe(), *counting], capture_output=True, text=True, check=False)
    return done.returncode == 0 and sum(not line.startswith("#") for line in done.stdout.splitlines()) > 1


def judge_all(product: Product, paths: list[Path], moments: int) -> int:
    """Prints a line for each file and one for all; returns how many are missed."""
    visitor = Visitor(product.port)
    visitor.become_owner(product.owner_link)
    uploads, judge, missed = upload_all(visitor, paths), Judge(load_detector()), 0
    with browser() as chromium:
        bare, page = chromium.new_page(), new_context(chromium).new_page()
        sign_in(page, product.address, EMAIL, PASSWORD)
        for path, video in uploads:
            case, words = Case(path), refusal(visitor, video)
            try:
                original = Original.read(bare, path, moments)
                if words:
                    case.line = f"refused: {words}"
                    if original.is_film or is_film(path):
                        case.complaints.append("refused, though it is a video")
                elif not open_player(page, product.address, video):
                    case.complaints.append(f"no player after {WITHIN_S} s")
                else:
                    judge.judge(case, page, original, moments)
            except Error as error:
                case.complaints.append(f"browser: {error.message.partition(chr(10))[0]}")
            missed += bool(case.complaints)
            print(case.told(), flush=True)
    print(f"{len(paths) - missed} of {len(paths)} videos as Chromium shows them, {missed} missed")
    return missed


def videos_of(folder: Path) -> list[Path]:
    """Returns the files of a folder that are no archives, pictures or texts by their names."""
    return sorted(path for path in folder.iterdir() if path.is_file() and path.suffix.lower() not in NO_VIDEOS)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=Path, help="folder of videos")
    parser.add_argument("--moments", type=int, default=5, help="how many seconds of each video are looked at")
    parser.add_argument("--scratch", type=Path)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=args.scratch, ignore_cleanup_errors=True) as folder:
        paths = videos_of(args.cases or make_inputs(Path(folder) / "inputs"))
        product = Product(Path(folder) / "data")
        try:
            missed = judge_all(product.wait_until_ready(), paths, args.moments)
        finally:
            product.stop()
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
