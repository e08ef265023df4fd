"""Introducing another face embedder: minutes for vectors and plan of 100,000 faces, videos decoded, decisions lost.

`python -m benchmarks embedder_change [--faces 5000 | --all]`: faces of LFW's people as an analysis stores
them (at most 192 px, without landmarks, as before they were stored; each file stands for many views), three views a
track, 40 tracks a video. The operator's file is the built-in network itself with a mirrored pass, so it costs as much
and should change little. A part is measured and extrapolated in proportion, unless `--all`.
"""

from __future__ import annotations

import argparse
import logging
import os
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.shared import say, shared_folder

ALL_FACES = 100_000
VIEWS, TRACKS = 3, 40
"""Of a track; of a video."""
PICTURES_EACH = 5
MOST_MINUTES = 20.0
CORES = 2
DECISIONS = 120
DESCRIPTION = 'name = "The same network"\nmean = 127.5\nstd = 128\nchannels = "RGB"\nflip = true\n'


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--faces", type=int, default=5_000)
    parser.add_argument("--all", action="store_true", help=f"{ALL_FACES} faces, without extrapolation")
    args = parser.parse_args()
    lfw = shared_folder("identity/lfw")
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])
    with tempfile.TemporaryDirectory() as scratch:
        os.environ |= {
            "ROLLCALL_DATA_DIR": scratch,
            "ROLLCALL_SECRET_KEY": "for measuring",
            "ROLLCALL_HOSTS": "testserver",
            "DJANGO_SETTINGS_MODULE": "webapp.settings",
        }
        import django

        django.setup()
        logging.disable(logging.WARNING)  # no queue runs here, which is said each time
        from django.core.management import call_command

        from webapp.team_scope import across_teams

        call_command("migrate", verbosity=0)
        with across_teams():
            is_met = _measure(lfw, ALL_FACES if args.all else args.faces, Path(scratch))
    sys.exit(0 if is_met else 1)


def _measure(lfw: Path, faces: int, scratch: Path) -> bool:
    from webapp.people.introduction import services
    from webapp.people.introduction.decision_queries import decisions_of
    from webapp.people.models import Face, Person, Track

    team = _team()
    pictures = _pictures(lfw)
    _fill(team, pictures, faces)
    _decide(team)
    decisions = decisions_of(team.pk)
    count = Face.objects.count()
    print(
        f"{count} faces of {len(pictures)} people on {CORES} cores: {Track.objects.count()} tracks, "
        f"{Person.objects.count()} people, {len(decisions)} things that decisions hold in place",
        flush=True,
    )
    introduction = services.introduce(team, embedder=_embedder_file(scratch), user=None)
    since_s = time.process_time()
    stages = _work(introduction)
    factor = ALL_FACES / count
    minutes = {stage: seconds / 60 * (factor if stage != "start" else 1) for stage, seconds in stages.items()}
    processor_s = time.process_time() - since_s
    lost = [*introduction.summary["lost"]]
    services.switch(introduction)
    switch_s = sum(_work(introduction).values())
    lost += _lost(team, decisions)
    services.roll_back(introduction)
    back_s = sum(_work(introduction).values())
    lost += _lost(team, decisions)
    videos = introduction.counts.get("videos_read", 0)
    told = "" if factor == 1 else f" (extrapolated {factor:.0f} times in proportion)"
    print(f"views: {introduction.counts}; would change {introduction.summary['changed']} of their appearances")
    for stage, value in minutes.items():
        print(f"  {stage:10s} {stages[stage]:8.1f} s measured, {value:5.1f} minutes for {ALL_FACES}{told}")
    print(
        f"  processor time, half of it on each of two idle cores: {processor_s / 60 * factor / CORES:.1f} minutes; "
        f"load of this machine {os.getloadavg()[0]:.1f}"
    )
    print(f"  switch {switch_s:.1f} s, roll back {back_s:.1f} s, each for {count}")
    total = sum(minutes.values())
    say(f"minutes for {ALL_FACES} faces{told}", total, f"<= {MOST_MINUTES:.0f}", 1)
    say("videos decoded", videos, "0", 0)
    say("decisions lost by plan, switch and roll-back", len(lost), "0", 0)
    is_met = total <= MOST_MINUTES and not videos and not lost
    verdict = "met" if is_met else "MISSED"
    print(f"embedder_change: {total:.1f} minutes, {videos} videos decoded, {len(lost)} lost: {verdict}")
    return is_met


def _team() -> Any:
    from webapp.accounts.models import Team

    return Team.objects.create(name="Many")


def _embedder_file(scratch: Path) -> str:
    from analysis.faces.embedder_files import check_embedder_file, read_embedder_file
    from analysis.weights import MOBILEFACENET, verified_path

    folder = scratch / "embedders"
    folder.mkdir()
    shutil.copy(verified_path(MOBILEFACENET), folder / "same.onnx")
    (folder / "same.toml").write_text(DESCRIPTION)
    file = read_embedder_file(folder / "same.onnx")
    check_embedder_file(file)
    return file.name


def _pictures(lfw: Path) -> list[list[tuple[str, Any, Any]]]:
    """Returns for each person the storage key, the box `(4,)` and the vector of some stored views."""
    import cv2

    from analysis.faces.detect import load_detector
    from analysis.faces.embed import load_embedder
    from analysis.images.read import read_picture
    from analysis.types import Thoroughness
    from webapp import storage

    by_person: dict[str, list[str]] = {}
    for path in sorted((lfw / "images").rglob("*.jpg")):
        by_person.setdefault(path.parent.name, []).append(str(path.relative_to(lfw / "images")))
    detector, embedder = load_detector(), load_embedder()
    found = []
    for files in by_person.values():
        own = []
        for file in files[:PICTURES_EACH]:
            image = read_picture(lfw / "images" / file)
            faces = detector.detect(image, Thoroughness.BALANCED)
            if not len(faces):
                continue
            box = faces.boxes_xyxy[int(faces.scores.argmax())]
            middle, side = (box[:2] + box[2:]) / 2, float(max(box[2:] - box[:2])) * 1.8
            height, width = image.shape[:2]
            (x1, y1), (x2, y2) = (np.clip(middle + at * side / 2, 0, (width, height)).astype(int) for at in (-1, 1))
            crop = image[y1:y2, x1:x2]
            scale = min(192 / max(crop.shape[:2]), 1.0)
            jpeg = cv2.imencode(".jpg", cv2.resize(crop, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA))[1]
            key = f"faces/{file}"
            storage.put_bytes(key, jpeg.tobytes())
            landmarks = faces.landmarks[[int(faces.scores.argmax())]]
            own.append((key, box, embedder.embed(embedder.align(image, landmarks))[0]))
        if own:
            found.append(own)
    return found


def _fill(team: Any, pictures: list[list[tuple[str, Any, Any]]], faces: int) -> None:
    """Inserts videos whose tracks show one person each, grouped as an analysis would have."""
    from django.utils import timezone

    from webapp.jobs.models import Job
    from webapp.people import creation_services, sample_codec, upkeep_services
    from webapp.people.models import Face, Person, Track
    from webapp.videos.models import Analysis, Segment, Video

    dice = np.random.default_rng(1)
    numbers = creation_services.next_numbers(team.pk, len(pictures))
    people = [Person(team=team, number=number, hue=number % 12) for number in numbers]
    Person.objects.bulk_create(people)
    for number in range(max(faces // (VIEWS * TRACKS), 1)):
        video = Video.objects.create(
            team=team,
            title=f"{number}",
            file_name="v.mp4",
            sha256=f"{number:064d}",
            duration_s=800,
            width=250,
            height=250,
        )
        jobs = [
            Job.objects.create(team=team, kind=kind, subject_id=video.pk, status="done", finished_at=timezone.now())
            for kind in ("analysis", "segment")
        ]
        analysis = Analysis.objects.create(video=video, job=jobs[0], thoroughness="fast", embedder="mobilefacenet_192")
        Video.objects.filter(pk=video.pk).update(current_analysis=analysis, current_job=jobs[0])
        segment = Segment.objects.create(analysis=analysis, job=jobs[1], index=0, start_s=0, end_s=800)
        rows, views = [], []
        for place, who in enumerate(dice.permutation(len(pictures))[:TRACKS]):
            start_s = place * 20.0
            times_s = start_s + np.arange(0, 8, 0.25)
            _, box, _ = pictures[who][0]
            samples = sample_codec.pack(times_s, np.tile(box, (len(times_s), 1)), np.full(len(times_s), 0.9), start_s)
            rows.append(
                Track(
                    analysis=analysis,
                    segment=segment,
                    person=people[who],
                    start_s=start_s,
                    end_s=start_s + 8,
                    samples=samples,
                    seen=sample_codec.pack_spans([(start_s, start_s + 8)], start_s),
                )
            )
            for view in dice.integers(0, len(pictures[who]), VIEWS):
                views.append((place, pictures[who][view]))
        tracks = Track.objects.bulk_create(rows)
        Face.objects.bulk_create([_face(analysis, tracks[place], view, dice) for place, view in views])
    upkeep_services.refresh([person.pk for person in people])


def _face(analysis: Any, track: Any, view: tuple[str, Any, Any], dice: np.random.Generator) -> Any:
    from webapp.people import sample_codec
    from webapp.people.models import Face

    key, box, vector = view
    x1, y1, x2, y2 = (float(side) for side in box)
    return Face(
        analysis=analysis,
        track=track,
        time_s=track.start_s + float(dice.uniform(0, 8)),
        x1=x1,
        y1=y1,
        x2=x2,
        y2=y2,
        score=0.9,
        quality=float(dice.uniform(0.5, 0.9)),
        presence=0.99,
        yaw_deg=5.0,
        pitch_deg=0.0,
        sharpness=0.8,
        embedding=sample_codec.pack_vector(vector),
        picture_key=key,
    )


def _decide(team: Any) -> None:
    """Names, hides, merges, tells apart, moves and deletes, as a team does over time."""
    from webapp.people.acts import services as acts
    from webapp.people.models import Person, Track

    dice = random.Random(1)
    for number in range(DECISIONS):
        standing = list(Person.objects.filter(merged_into=None, is_deleted=False, appearances__gt=0).order_by("number"))
        person, other = dice.sample(standing, 2)
        if number % 7 == 1:
            acts.tell_apart(person, other, user=None)
        elif number % 7 == 2:
            acts.show_and_hide(team=team, show=[], hide=[person.pk], user=None)
        elif number % 7 == 3:
            acts.move_appearances(
                person, track_ids=[Track.objects.filter(person=person).latest("pk").pk], target=None, user=None
            )
        elif number % 21 == 4:
            acts.merge_people(person, target=other, user=None)
        elif number % 21 == 5:
            acts.delete_person(person, user=None)
        else:
            acts.name_person(person, name=f"Name {number}", user=None)


def _work(introduction: Any) -> dict[str, float]:
    """Runs the job to its end; returns seconds by stage."""
    from webapp.analyses.introduction import runner
    from webapp.jobs import lifecycle

    seconds: dict[str, float] = {}
    report = lifecycle.report
    stage, since_s = "start", time.perf_counter()

    def timed(job: Any, next_stage: str, *args: Any, **options: Any) -> None:
        nonlocal stage, since_s
        now_s = time.perf_counter()
        seconds[stage] = seconds.get(stage, 0.0) + now_s - since_s
        stage, since_s = next_stage, now_s
        report(job, next_stage, *args, **options)

    lifecycle.report = timed  # type: ignore[assignment]
    try:
        introduction.refresh_from_db()
        while introduction.job.is_active:
            with lifecycle.working(introduction.job.pk) as job:
                if job is not None:
                    runner.run(job)
            introduction.job.refresh_from_db()
        seconds[stage] = seconds.get(stage, 0.0) + time.perf_counter() - since_s
    finally:
        lifecycle.report = report
    introduction.refresh_from_db()
    assert introduction.job.status == "done", introduction.job.error_detail
    return seconds


def _lost(team: Any, decisions: Any) -> list[str]:
    from tests.webapp.analyses.introduction.told_apart import apart_in
    from webapp.people.introduction.decision_queries import lost_in
    from webapp.people.models import Track

    owner = dict(Track.objects.values_list("pk", "person"))
    return lost_in(decisions, owner.get, {person for person in owner.values() if person}) + apart_in(decisions, team.pk)


if __name__ == "__main__":
    main()
