"""Puts review questions into a product that runs."""

from pathlib import Path
from typing import Any

from tests.e2e.seeding_process import in_product


def seed_review(data_dir: Path, **wish: Any) -> None:
    """Questions between people of sample portraits, each in a video of their own.

    `team` (its name); `pairs` ([[number, number, similarity], ...]) of people who are numbered from 0 to `people` - 1;
    `copies` (how many of the first are blurred in a copy of their video).
    """
    in_product("tests.e2e.seeding_review", data_dir, wish)


def make(wish: dict[str, Any]) -> list[str]:
    from tests.webapp.people.review.alike import ask
    from webapp.accounts.models import Team
    from webapp.people import upkeep_services

    team = Team.objects.get(name=wish["team"])
    people = [_person(team, number) for number in range(wish["people"])]
    upkeep_services.refresh([person.pk for person in people])
    for first, second, similarity in wish["pairs"]:
        ask(team, people[first], people[second], similarity)
    for person in people[: wish.get("copies", 0)]:
        _copy(person)
    return [str(person.pk) for person in people]


def _copy(person: Any) -> None:
    """A blurred copy of the person's video, with a report that warns."""
    from tests.factories_exports import make_export
    from webapp.exports.models import ExportKind
    from webapp.videos.models import Video

    report = {"frames_checked": 1440, "frames_found": 1, "found_at_s": [2.0], "share_hidden": 0.08}
    options = {"whom": "chosen", "style": "pixels", "sound": "mute"}
    video = Video.objects.get(current_analysis__tracks__person=person)
    made = make_export(video, title="", kind=ExportKind.BLUR, report=report, options=options)
    made.people.add(person)


def _person(team: Any, number: int) -> Any:
    """Somebody who is in one video, with two views of a portrait."""
    from analysis.faces.seen_spans import seen_spans
    from analysis.samples.video import sample_pictures
    from tests.factories_videos import found_track, make_ended_job, make_video
    from webapp import storage
    from webapp.people import creation_services, sample_codec
    from webapp.people.models import Face, Person, Track
    from webapp.videos.models import Analysis, Segment, Video

    pictures = list(sample_pictures().values())
    video = make_video(team=team, title=f"Interview {number}", content=f"{team.pk} {number}".encode())
    analysis = Analysis.objects.create(video=video, job=make_ended_job(video), thoroughness="fast")
    segment = Segment.objects.create(analysis=analysis, job=make_ended_job(video), index=0, start_s=0, end_s=60)
    Video.objects.filter(pk=video.pk).update(current_analysis=analysis)
    person = Person.objects.create(team=team, number=creation_services.next_numbers(team.pk, 1)[0], hue=number % 12)
    found = found_track(number)
    packed = sample_codec.pack(found.times_s, found.boxes_xyxy, found.scores, found.start_s)
    track = Track.objects.create(
        analysis=analysis,
        segment=segment,
        person=person,
        start_s=found.start_s,
        end_s=found.end_s,
        samples=packed,
        # Nobody is asked about people who appear nowhere.
        seen=sample_codec.pack_spans(seen_spans(found.times_s, segment.sample_step_s), found.start_s),
    )
    for place, view in enumerate(found.faces):
        key = f"{video.files_prefix}/analyses/{analysis.pk}/{place}.jpg"
        storage.put_bytes(key, Path(pictures[number % len(pictures)]).read_bytes())
        x1, y1, x2, y2 = (float(side) for side in view.box_xyxy)
        Face.objects.create(
            analysis=analysis,
            track=track,
            time_s=view.time_s,
            x1=x1,
            y1=y1,
            x2=x2,
            y2=y2,
            score=view.score,
            quality=view.quality,
            # Measured, so that the product does not measure them anew by the portrait in between.
            presence=view.measures.presence,
            yaw_deg=view.measures.yaw_deg,
            pitch_deg=view.measures.pitch_deg,
            sharpness=view.measures.sharpness,
            embedding=sample_codec.pack_vector(view.embedding),
            picture_key=key,
        )
    return person
