"""Formats: every shared file probed, analysed, copied where needed, and played in Chromium.

`python -m benchmarks.formats [--chromium /usr/bin/chromium]`: one line per file; for damaged files the error.
"""

from __future__ import annotations

import argparse
import functools
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

from analysis.errors import UnreadableVideo
from analysis.pipeline import AnalysisOptions, Models, analyse, load_models
from analysis.types import SegmentSpan, VideoInfo
from analysis.video.decode import DecodeCounts, Sampling, probe, sample_frames
from analysis.video.web_copy import (
    PlaybackPlan,
    make_poster,
    make_sprites,
    make_web_copy,
    playback_offset_s,
    playback_plan,
)
from benchmarks.clips import DATA

PLAY = """async (source) => {
  const video = document.createElement('video');
  video.muted = true;
  document.body.replaceChildren(video);
  const first = new Promise((done) => video.requestVideoFrameCallback((now, frame) => done(frame.mediaTime)));
  const failed = new Promise((done) => video.addEventListener('error', () => done(video.error.message)));
  const tired = new Promise((done) => setTimeout(() => done('nothing happened'), 8000));
  video.src = source;
  const ready = new Promise((done) => video.addEventListener('loadeddata', () => done(null)));
  const problem = await Promise.race([ready, failed, tired]);
  if (problem) return {problem};
  const mediaTime = await Promise.race([first, tired]);
  const before = video.currentTime;
  await video.play().catch(() => null);
  await Promise.race([new Promise((done) => {
    video.addEventListener('timeupdate', () => video.currentTime > before && done());
    video.addEventListener('ended', done);
  }), failed, tired]);
  return {width: video.videoWidth, height: video.videoHeight, mediaTime, moved: video.currentTime > before,
          error: video.error && video.error.message};
}"""


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Logs nothing."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serves the folder over HTTP on this machine only, and yields its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def first_time_s(path: Path, info: VideoInfo) -> float:
    sampling = Sampling(step_s=1e6, long_side=64, references_only=False)
    return next(sample_frames(path, info, SegmentSpan(0, float("-inf"), float("inf")), sampling, DecodeCounts())).time_s


def examine(path: Path, folder: Path, page: Page, address: str, models: Models) -> tuple[bool, str]:
    """Returns whether the file is analysed and plays, and a line about it."""
    info = probe(path)
    result = analyse(path, AnalysisOptions(), lambda progress: None, models, info)
    plan = playback_plan(info)
    played = folder / "played.mp4"
    played.unlink(missing_ok=True)
    if plan is PlaybackPlan.ORIGINAL:
        played.write_bytes(path.read_bytes())
    else:
        make_web_copy(path, played, info, plan, lambda progress: None)
    make_poster(path, folder / "poster.jpg", info)
    make_sprites(path, folder / "sprites.jpg", info, lambda progress: None)
    seen: dict[str, Any] = page.evaluate(PLAY, f"{address}/played.mp4?{path.name}")
    expected_s = first_time_s(path, info) - playback_offset_s(info, plan)
    line = (
        f"{info.width}x{info.height} rot {info.rotation_deg:3} {info.video_codec}/{info.audio_codec or '-'} "
        f"frames {result.frames_decoded} damaged {result.frames_damaged} people {len(result.people)} {plan:9} "
    )
    if seen.get("problem"):
        return False, line + f"does not play: {seen['problem']}"
    off_s = seen["mediaTime"] - expected_s if isinstance(seen["mediaTime"], int | float) else float("nan")
    good = seen["width"] > 0 and (seen["moved"] or info.duration_s < 0.3) and abs(off_s) < 0.02
    return (
        good,
        line + f"shown {seen['width']}x{seen['height']} moves {seen['moved']} first frame off by {off_s:+.3f} s",
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    args = parser.parse_args()
    models = load_models(AnalysisOptions())
    flags = [
        "--headless",
        "--no-sandbox",
        "--disable-background-networking",
        "--autoplay-policy=no-user-gesture-required",
    ]
    with tempfile.TemporaryDirectory() as scratch, served(Path(scratch)) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=args.chromium, args=flags)
        page = browser.new_page()
        page.goto(f"{address}/")
        for folder in ("videos/formats", "videos_bad"):
            paths = sorted(path for path in (DATA / folder).iterdir() if path.suffix != ".md")
            good = 0
            for path in paths:
                try:
                    fine, line = examine(path, Path(scratch), page, address, models)
                except UnreadableVideo as refusal:
                    fine, line = False, f"{refusal.code}: {refusal}"
                good += fine
                print(f"{'ok ' if fine else '-- '} {path.name:32} {line}", flush=True)
            print(f"{folder}: {good} of {len(paths)} analysed and playable")
        browser.close()


if __name__ == "__main__":
    main()
