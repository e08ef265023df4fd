"""How many samples the page says will come: as many as the import then plans."""

import itertools
import random
from bisect import bisect_left
from pathlib import Path

import pytest

from tests.factories_datasets import make_dataset
from tests.factories_videos import found_track, make_analysed_video, people_of
from tests.webapp.datasets.importing.fillings import job_of
from webapp.accounts.models import Team, User
from webapp.datasets.importing import plans, queries
from webapp.datasets.importing import services as importing
from webapp.datasets.importing.candidate_types import Work
from webapp.datasets.importing.option_types import EVERY, ImportOptions
from webapp.datasets.importing.sources import clips_reader, frames_reader, people_reader
from webapp.datasets.models import DatasetKind, Source

pytestmark = pytest.mark.django_db(transaction=True)


def test_faces_every_second_are_counted_as_they_are_planned(team: Team, alice: User, tmp_path: Path) -> None:
    tracks = [found_track(n, start_s=n * 1.44, end_s=n * 1.44 + 1.4) for n in range(8)]
    video = make_analysed_video(*tracks, found_track(9, start_s=2.1, end_s=2.3), team=team)
    dataset = make_dataset(team=team, kind=DatasetKind.FACES)
    options = ImportOptions(videos=(str(video.pk),), how=EVERY, step_s=1.0)
    of_import = importing.begin(dataset=dataset, user=alice, source=Source.PEOPLE, options=options, title="a title")
    planned = people_reader.plan_of_tracks(Work(job_of(of_import), of_import, options, tmp_path, lambda: None))
    assert queries.expected(dataset, Source.PEOPLE, options).count == len(planned["units"])


def test_frames_and_clips_are_counted_as_they_are_planned(team: Team) -> None:
    dataset = make_dataset(team=team, kind=DatasetKind.CLIPS)
    videos = [make_analysed_video(team=team, duration_s=each) for each in (0.1, 1.0, 2.5, 5.0, 6.1, 60.0)]
    for video, step_s in itertools.product(videos, (0.2, 1.0, 5.0)):
        options = ImportOptions(videos=(str(video.pk),), how=EVERY, step_s=step_s)
        frames = frames_reader.plan_of(team.pk, options)["runs"]
        clips = clips_reader.plan_of(team.pk, options)["units"]
        assert queries.expected(dataset, Source.FRAMES, options).count == sum(len(times) for _video, times in frames)
        assert queries.expected(dataset, Source.MOMENTS, options).count == len(clips)


def test_moments_are_counted_as_the_grid_lists_them() -> None:
    draw = random.Random(4)
    for _ in range(2000):
        start_s, step_s = draw.choice([0.0, 0.033, 12.5]), draw.choice([0.2, 0.3, 1.0, 2.5])
        end_s = start_s + draw.choice([0.0, 0.6, 0.9, 3.0, 7.77])
        first_s = start_s + draw.randrange(-2, 20) * draw.choice([step_s, 0.1])
        last_s = first_s + draw.randrange(0, 20) * draw.choice([step_s, 0.1])
        times_s = plans.grid(start_s, end_s, step_s)
        inside = bisect_left(times_s, last_s + plans.ROUNDING_S) - bisect_left(times_s, first_s)
        assert plans.count_inside(first_s, last_s, start_s, end_s, step_s) == inside


def test_chosen_people_stay_in_their_places_and_others_come_first(team: Team) -> None:
    video = make_analysed_video(*(found_track(n) for n in range(1, 4)), team=team)
    people = people_of(video)
    people[2].name = "Mira"
    people[2].save()
    listed = queries.choosable_people(team, "", ())
    assert queries.choosable_people(team, "", [str(listed[1].pk)]) == listed
    assert queries.choosable_people(team, "mir", [str(people[0].pk)]) == [people[0], people[2]]
