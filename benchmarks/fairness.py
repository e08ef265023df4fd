"""Wait of a second person's video behind many of another team, as a multiple of its own time on an idle product.

`python -m benchmarks fairness [--videos 50] [--most 3] [--scratch DIR]`; exits 1 where it waits longer. A video has
come through when its analysis has ended; both sides are measured in one run, with the same bytes but for a box.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from imageio_ffmpeg import get_ffmpeg_exe

from analysis.weights import sample_video_path
from benchmarks.hostile import states_of
from benchmarks.visitor import PASSWORD, Visitor, owned_product
from tests.product import Product

THEIRS_S, OWN_S = 12, 9
WITHIN_S = 1500
SECOND = "second@example.org"
NEW_ACCOUNT = f"""
from tests.factories import make_team, make_user
from webapp.team_scope import across_teams
with across_teams():
    make_user("second", team=make_team("Archive"), role="owner", password={PASSWORD!r})
"""


def video_of(folder: Path, length_s: int) -> bytes:
    """Returns so much of the sample video, repeated: one face."""
    path = folder / f"{length_s}.mp4"
    cut = ("-stream_loop", "-1", "-i", str(sample_video_path()), "-t", str(length_s), "-an", "-pix_fmt", "yuv420p")
    subprocess.run([get_ffmpeg_exe(), "-v", "error", "-nostdin", "-y", *cut, str(path)], check=True)
    return path.read_bytes()


def upload(visitor: Visitor, content: bytes, name: str) -> str:
    """Uploads a video of its own, told from others by a box that nobody reads; returns its id."""
    mark = name.encode()
    content += (len(mark) + 8).to_bytes(4, "big") + b"free" + mark
    address, video = visitor.begin_upload(f"{name}.mp4", len(content))
    visitor.send(address, iter([content]))
    return video


def wait_for_analyses(visitor: Visitor, videos: Sequence[str]) -> float:
    """Returns the seconds until the analyses of all have ended well. Raises RuntimeError where one does not."""
    began_s = time.monotonic()
    for video in videos:
        while True:
            states = {str(state["kind"]): state["status"] for state in states_of(visitor, video)}
            if states.get("analysis") == "done":
                break
            if "failed" in states.values() or time.monotonic() - began_s > WITHIN_S:
                raise RuntimeError(f"{video} does not come through: {states}")
            time.sleep(0.1)
    return time.monotonic() - began_s


def second_person(product: Product) -> Visitor:
    """Makes an account in a team of its own and signs it in."""
    environment = {**product.environment, "ROLLCALL_DATA_DIR": str(product.data_dir), "ROLLCALL_HOSTS": "127.0.0.1"}
    command = [sys.executable, "manage.py", "shell", "--no-imports", "-c", NEW_ACCOUNT]
    subprocess.run(command, env=environment, check=True)
    visitor = Visitor(product.port)
    visitor.sign_in(SECOND)
    return visitor


def measure(folder: Path, count: int) -> tuple[float, float]:
    """Returns the seconds that the second person's video takes alone, and behind so many of the owner's team."""
    with owned_product(folder / "data") as (product, owner):
        second = second_person(product)
        own, theirs = video_of(folder, OWN_S), video_of(folder, THEIRS_S)
        wait_for_analyses(second, [upload(second, own, "warm up")])  # networks are loaded then
        alone_s = min(wait_for_analyses(second, [upload(second, own, f"alone {round_}")]) for round_ in range(2))
        print(f"alone: {alone_s:.1f} s", flush=True)
        before = [upload(owner, theirs, f"theirs {number}") for number in range(count)]
        began_s = time.monotonic()
        behind_s = wait_for_analyses(second, [upload(second, own, "behind")])
        print(f"behind {count} videos of another team: {behind_s:.1f} s", flush=True)
        wait_for_analyses(owner, before)
        print(f"all of them: {time.monotonic() - began_s:.1f} s", flush=True)
    return alone_s, behind_s


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--videos", type=int, default=50)
    parser.add_argument("--most", type=float, default=3.0, help="how many times its own time it may take")
    parser.add_argument("--scratch", type=Path)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=args.scratch) as folder:
        alone_s, behind_s = measure(Path(folder), args.videos)
    times = behind_s / alone_s
    met = times <= args.most
    print(
        f"fairness: {times:.1f} x its own time behind {args.videos} videos, {'met' if met else 'MISSED'}: {args.most}"
    )
    sys.exit(not met)


if __name__ == "__main__":
    main()
