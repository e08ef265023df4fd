"""Hostile files through the product's own ways in: outcome, seconds, and peak memory of the processes that decode.

`python -m benchmarks hostile [--cases FOLDER] [--scratch DIR]`: videos are uploaded, ZIPs imported into a dataset,
pictures searched by photo, in the running product. Without a folder it builds files of its own. A file misses when a
process that decodes it holds more than 400 MB, when a worker that reads it grows by more, when it is not ended in time,
or when the product says that the fault is its own.
"""

from __future__ import annotations

import argparse
import html
import json
import re
import sys
import tempfile
import time
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.hostile_files import build
from benchmarks.hostile_memory import MEGA, Peaks
from benchmarks.imports import FORM, chunks_of, send_zip, wait_for_import
from benchmarks.visitor import Visitor, owned_product

MOST_BYTES = 400 * MEGA
MOST_S = 300
ASK_EVERY_S = 0.2
PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".heic")
ENDED = ("done", "failed", "cancelled")
OUR_FAULT = ("internal", "crashed")
"""Codes of jobs that ended without a word about the file."""
NOTICE = re.compile(r'<p class="notice[^"]*"[^>]*>(.*?)</p>', re.S)
STATE = re.compile(r'<p class="import-(?:state|counts|note)[^"]*">(.*?)</p>|<small class="muted">(.*?)</small>', re.S)
SHOWN = 300
BOUNDARY = "picture-that-is-sent"


@dataclass(frozen=True, slots=True)
class HowItEnded:
    """What became of a file in the words of the page, and whether it ended in time and without a fault of ours."""

    words: str
    is_fine: bool = True


def plain(fragment: str) -> str:
    """Returns what a reader sees of a piece of HTML, on one line."""
    return html.unescape(" ".join(re.sub(r"<[^>]+>", " ", fragment).split()))


def states_of(visitor: Visitor, subject: str) -> list[dict[str, object]]:
    visitor.ask("GET", f"/jobs/state/?subject={subject}")
    found: list[dict[str, object]] = json.loads(visitor.text)["jobs"]
    return found


def watch_video(visitor: Visitor, path: Path) -> HowItEnded:
    """Uploads a video and waits until its check, analysis and copy have ended."""
    address, video = visitor.begin_upload(path.name, path.stat().st_size)
    visitor.send(address, chunks_of(path))
    until = time.monotonic() + MOST_S
    while time.monotonic() < until:
        states = states_of(visitor, video)
        if states and all(state["status"] in ENDED for state in states) and not _more_comes(states):
            said = [f"{state['kind']}: {state.get('detail') or state['status']}" for state in states]
            return HowItEnded(" · ".join(sorted(said)), not _are_our_fault(states))
        time.sleep(ASK_EVERY_S)
    return HowItEnded(f"not ended in {MOST_S} s", is_fine=False)


def _are_our_fault(states: list[dict[str, object]]) -> bool:
    return any(state["error"] in OUR_FAULT for state in states)


def _more_comes(states: list[dict[str, object]]) -> bool:
    """Tells whether the analysis of a video that was checked is still to be written down."""
    kinds = {state["kind"]: state["status"] for state in states}
    return kinds.get("check") == "done" and "analysis" not in kinds


def import_archive(visitor: Visitor, path: Path) -> HowItEnded:
    """Imports a ZIP into a dataset of its own and returns what the page says of it."""
    fields = {"name": path.stem, "kind": "frames", "keeps_samples": "yes"}
    answer = visitor.ask("POST", "/datasets/new/", urllib.parse.urlencode(fields).encode(), **FORM)
    dataset = answer.headers["Location"].split("/")[2]
    send_zip(visitor, dataset, path)
    status = wait_for_import(visitor, dataset, MOST_S)
    visitor.ask("GET", f"/datasets/{dataset}/fill/")
    shown = visitor.text.partition("data-import=")[2].partition("</article>")[0]
    said = (plain(first or second) for first, second in STATE.findall(shown))
    words = f"{status}: " + " · ".join(dict.fromkeys(words for words in said if words))
    return HowItEnded(words, status in ENDED and not _are_our_fault(states_of(visitor, dataset)))


def search_picture(visitor: Visitor, path: Path) -> HowItEnded:
    """Searches people by a picture and returns what the page says."""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="photo"; filename="{path.name}"\r\n\r\n'
    body = head.encode() + path.read_bytes() + f"\r\n--{BOUNDARY}--\r\n".encode()
    try:
        visitor.ask("POST", "/people/photo/", body, **{"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"})
    except RuntimeError as refused:
        found = NOTICE.search(visitor.text)
        return HowItEnded(plain(found[1]) if found else str(refused)[:200], is_fine=found is not None)
    found = NOTICE.search(visitor.text)
    return HowItEnded(plain(found[1]) if found else "searched")


def end_of(visitor: Visitor, path: Path) -> HowItEnded:
    if path.suffix.lower() == ".zip":
        return import_archive(visitor, path)
    if path.suffix.lower() in PICTURES:
        return search_picture(visitor, path)
    return watch_video(visitor, path)


def measure(paths: list[Path], folder: Path) -> Iterator[bool]:
    """Yields for each file whether it was handled within bounds, and prints a line."""
    with owned_product(folder / "data") as (product, visitor):
        for path in paths:
            began = time.monotonic()
            with Peaks(product.process.pid) as peaks:
                outcome = end_of(visitor, path)
            seconds = time.monotonic() - began
            fine = outcome.is_fine and max(peaks.decoding_bytes, peaks.growth_bytes) <= MOST_BYTES
            memory = f"decoding {peaks.decoding_bytes / MEGA:4.0f} MB  worker +{peaks.growth_bytes / MEGA:3.0f} MB"
            mark = "ok " if fine else "-- "
            print(f"{mark} {path.name:38} {seconds:6.1f} s  {memory}  {outcome.words[:SHOWN]}", flush=True)
            yield fine


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=Path)
    parser.add_argument("--scratch", type=Path)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=args.scratch, ignore_cleanup_errors=True) as scratch:
        folder = Path(scratch)
        cases = args.cases or build(folder / "cases")
        paths = sorted(path for path in cases.iterdir() if path.is_file() and path.suffix not in (".md", ".py"))
        if not paths:
            sys.exit(f"no files in {cases}")
        fine = list(measure(paths, folder))
    print(f"{sum(fine)} of {len(fine)} files ended in words within {MOST_BYTES // MEGA} MB")
    if not all(fine):
        sys.exit(1)


if __name__ == "__main__":
    main()
