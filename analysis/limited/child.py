"""`python -m analysis.limited.child TASK LIMITS`: does one kind of task on foreign bytes, within limits.

The limits are taken before anything is loaded that could read a file. Only the tasks listed here are done.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from collections.abc import Callable, Iterable
from io import FileIO

from analysis.errors import AnalysisError
from analysis.limited.limits import Limits, allow_cpu, limit_this_process, peak_memory_bytes
from analysis.limited.messages import Fields, Message, read_message, write_message

Task = Callable[[Fields, list[bytearray]], Iterable[Message]]
"""Is given what the message of the caller holds, and says messages."""
TASKS = {
    "probe": "analysis.video.decode_tasks:probe",
    "sample_frames": "analysis.video.decode_tasks:sample_frames",
    "keyframes": "analysis.video.decode_tasks:keyframes",
    "segment_borders": "analysis.video.decode_tasks:segment_borders",
    "cut_reel": "analysis.exports.reel_tasks:cut",
    "hide_people": "analysis.exports.hide_tasks:hide",
    "decode_picture": "analysis.images.picture_tasks:decode",
    "prepare_picture": "analysis.images.picture_tasks:prepare",
    "blur_picture": "analysis.exports.blur_picture:blur",
    "read_archive": "analysis.archives.archive_tasks:read",
    "check_embedder": "analysis.faces.onnx_embedder:check",
    "photo_faces": "analysis.cli.photo:find_faces",
    "profile_picture": "analysis.cli.profile_picture:square",
}
READERS = ("analysis.images.read", *(f"PIL.{name}ImagePlugin" for name in ("Bmp", "Gif", "Jpeg", "Png", "Ppm")))
LOADED_LATER = {
    "probe": READERS,
    "hide_people": ("analysis.exports.hidden_copy",),
    "decode_picture": READERS,
    "prepare_picture": (*READERS, "cv2"),
    "blur_picture": (*READERS, "analysis.exports.check_copy", "analysis.exports.picture_people", "analysis.pipeline"),
    "find_faces": (*READERS, "analysis.faces.onnx_embedder", "analysis.faces.quality"),
    "profile_picture": READERS,
}
"""What tasks load besides their modules, but for what starts threads (ONNX Runtime)."""
MODULE = "analysis.limited.child"
SPOKEN = "spoken"
ENDS = "ends"
"""Key of a message's end: what the task gave last, or what went wrong."""
OUT_OF_MEMORY = "out_of_memory"


def modules_of(task: str) -> frozenset[str]:
    """Returns what the task loads."""
    return frozenset({TASKS[task].partition(":")[0], *LOADED_LATER.get(task, ())})


def main(task: str, limits: str) -> int:
    """Runs in the child: answers until nothing more is asked. Returns 0 also where tasks fail: the answer says why."""
    # What libraries print must not get between the messages.
    with FileIO(0, "r", closefd=False) as questions, FileIO(os.dup(1), "w") as output:
        os.dup2(2, 1)
        held = Limits(**json.loads(limits))
        write_message(output, {SPOKEN: "begins", "no_network": limit_this_process(held)})
        while (asked := _next_question(questions)) is not None:
            allow_cpu(held.cpu_s)
            write_message(output, {SPOKEN: ENDS, **_answer(task, *asked, output), "peak": peak_memory_bytes()})
    return 0


def _next_question(questions: FileIO) -> tuple[Fields, list[bytearray]] | None:
    def exactly(size: int) -> bytearray:
        held = bytearray(size)
        view, filled = memoryview(held), 0
        while filled < size:
            count = questions.readinto(view[filled:])
            if not count:
                raise EOFError
            filled += count
        return held

    try:
        return read_message(exactly)
    except EOFError:
        return None


def _answer(task: str, fields: Fields, parts: list[bytearray], output: FileIO) -> Fields:
    """Says what the task says; returns what went wrong, nothing where nothing did."""
    try:
        for said, blobs in _task(task)(fields, parts):
            write_message(output, {SPOKEN: "says", **said}, blobs)
    except AnalysisError as error:
        return {"error": error.code, "message": str(error)}
    except MemoryError:
        return {"error": OUT_OF_MEMORY}
    return {}


def _task(name: str) -> Task:
    module, _, function = TASKS[name].partition(":")
    found: Task = getattr(importlib.import_module(module), function)
    return found


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
