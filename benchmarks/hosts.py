"""Two machines without a shared disk find the same as one: processes of docker-compose.yml, media in a bucket.

`python -m benchmarks hosts [--seconds 40] [--scratch DIR]`. PostgreSQL, Redis and the S3 server (moto) run on loopback;
the workers of analyses and trainings have a data folder of their own, in which nothing of the other lies. Exits 1 where
a digit differs.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.fairness import upload, video_of, wait_for_analyses
from benchmarks.shared import say
from benchmarks.visitor import Visitor
from tests.composed import Composed, composed
from tests.webapp.s3_server import serving

FAR = ("worker-analysis", "worker-training")
FOUND = """
import hashlib, json
from webapp.people.models import Face, Track
from webapp.team_scope import across_teams
with across_teams():
    tracks = [
        (track.start_s, track.end_s, bytes(track.samples).hex(), bytes(track.seen).hex(), track.person.number)
        for track in Track.objects.exclude(person=None).select_related("person").order_by("start_s", "person__number")
    ]
    faces = [
        (face.time_s, face.x1, face.y1, face.x2, face.y2, face.score, face.quality, bytes(face.embedding).hex())
        for face in Face.objects.order_by("time_s", "x1")
    ]
digest = hashlib.sha256(json.dumps([tracks, faces]).encode()).hexdigest()
print(json.dumps({"tracks": len(tracks), "faces": len(faces), "digest": digest}))
"""


class TwoHosts(Composed):
    """The far workers' data folder is not the other services'."""

    def _mounts(self, name: str) -> dict[str, Path]:
        mounts = super()._mounts(name)
        return mounts | ({"/data": self.folder / "far"} if name in FAR else {})


def found_by(running: Composed, content: bytes) -> tuple[dict[str, object], float]:
    """Returns what an analysis finds in a video, and the seconds from the first byte to its end."""
    visitor = Visitor(running.ports["proxy"])
    visitor.become_owner(running.run("web", "python", "manage.py", "owner_link").strip())
    began_s = time.monotonic()
    wait_for_analyses(visitor, [upload(visitor, content, "film")])
    took_s = time.monotonic() - began_s
    words = ("python", "manage.py", "shell", "--no-imports", "-c", FOUND)
    found: dict[str, object] = json.loads(running.run("web", *words))
    return found, took_s


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=40, help="length of the video")
    parser.add_argument("--scratch", type=Path)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=args.scratch) as folder:
        content = video_of(Path(folder), args.seconds)
        (Path(folder) / "one").mkdir()
        with composed(Path(folder) / "one") as running:
            alone, alone_s = found_by(running, content)
        (Path(folder) / "two").mkdir()
        with serving() as bucket:
            variables = {
                "ROLLCALL_BUCKET": bucket.name,
                "ROLLCALL_BUCKET_URL": bucket.url,
                "ROLLCALL_BUCKET_REGION": bucket.region,
                "ROLLCALL_BUCKET_KEY_ID": bucket.key_id,
                "ROLLCALL_BUCKET_SECRET": bucket.secret,
            }
            with composed(Path(folder) / "two", TwoHosts, **variables) as running:
                apart, apart_s = found_by(running, content)
                media = [path for name in ("far", "data") for path in (running.folder / name).glob("media/**/*")]
    say("one machine, media in a folder: seconds", alone_s, "none", 1)
    say("two machines, media in a bucket: seconds", apart_s, "none", 1)
    say("files of media in the data folders of the two", len([path for path in media if path.is_file()]), "0", 0)
    is_equal = apart == alone
    print(f"hosts: {alone['tracks']} tracklets and {alone['faces']} faces, {'equal' if is_equal else 'NOT EQUAL'}")
    sys.exit(not is_equal or bool(media))


if __name__ == "__main__":
    main()
