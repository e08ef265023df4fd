"""While an analysis runs: "probably Anna" at the first faces, which decides nothing and gives way to the result."""

from collections.abc import Sequence

import pytest
from django.urls import reverse

from analysis.types import FoundFace, FoundTrack
from tests.conftest import signed_in
from tests.factories_videos import (
    begin_analysis,
    found_track,
    make_analysed_video,
    make_video,
    people_of,
    scanned,
    segment_result,
    work,
)
from tests.factories_videos import run_analysis as run_all
from tests.webapp.people.identification.test_runner import DOUBTFUL, EMBEDDER, RIGHT, STRANGER, SURE, looks
from webapp.accounts.models import Team, User
from webapp.analyses import runner
from webapp.jobs import lifecycle
from webapp.people.acts import services
from webapp.people.identification import tentative_queries, tentative_runner
from webapp.people.models import Event, LiveGuess, Person, Suggestion, Track, Verdict
from webapp.people.queries import SmallFace, found_so_far
from webapp.videos.models import Analysis, Video

pytestmark = pytest.mark.django_db(transaction=True)
GUESSED = ">Anna</span>?"
"""The question mark is not cut away with a long name."""


@pytest.fixture
def anna(team: Team, bob: User) -> Person:
    person = people_of(make_analysed_video(looks(found_track(), 1.0), team=team, embedder=EMBEDDER))[0]
    services.name_person(person, name="Anna", user=bob)
    person.refresh_from_db()
    return person


def begun(team: Team, *tracks: FoundTrack, video: Video | None = None) -> Analysis:
    """An analysis whose first part has ended, so that everything else is still open."""
    analysis = begin_analysis(video or make_video(team=team, title="Summer"))
    scanned(analysis, EMBEDDER)
    work(analysis.job_id, runner.run_analysis)
    store_first(analysis, tracks)
    return Analysis.objects.select_related("video").get(pk=analysis.pk)


def store_first(analysis: Analysis, tracks: Sequence[FoundTrack]) -> None:
    segment = analysis.segments.select_related("analysis__video").get(index=0)
    with lifecycle.working(segment.job_id) as job:
        assert job is not None
        runner.store_segment(job, segment, segment_result(segment, *tracks))


def guessed(analysis: Analysis) -> list[SmallFace]:
    return [face for face in found_so_far(analysis.pk, 0.0) if face.is_probable]


def test_a_known_face_is_probably_hers_while_the_analysis_runs(team: Team, anna: Person, vera: User) -> None:
    analysis = begun(team, looks(found_track(), SURE), looks(found_track(box=RIGHT), STRANGER, number=9))
    (face,) = guessed(analysis)
    assert (face.person, face.label, len(found_so_far(analysis.pk, 0.0))) == (anna.pk, "Anna", 2)
    client = signed_in(vera)
    page = client.get(reverse("videos:detail", args=[analysis.video_id])).content.decode()
    assert "Probably Anna, at" in page and GUESSED in page
    assert "Probably Anna" in client.get(reverse("videos:library")).content.decode()
    person_page = client.get(reverse("people:person", args=[anna.pk])).content.decode()
    assert 'aria-labelledby="seen-now-title"' in person_page and "Summer" in person_page
    assert GUESSED in client.get(reverse("people:list")).content.decode()


def test_it_decides_nothing(team: Team, anna: Person) -> None:
    said = Event.objects.count()
    begun(team, looks(found_track(), SURE))
    now = Person.objects.get(pk=anna.pk)
    assert (now.appearances, now.videos, now.screen_s) == (anna.appearances, anna.videos, anna.screen_s)
    assert Event.objects.count() == said
    assert not Verdict.objects.exists() and not Suggestion.objects.exists()
    assert Track.objects.filter(person=anna).count() == 1


def test_the_result_takes_its_place_even_if_it_says_otherwise(team: Team, anna: Person, bob: User, vera: User) -> None:
    """Anna was deleted as of no interest before the end: the faces are somebody new, and no guess is left."""
    analysis = begun(team, looks(found_track(), SURE))
    services.delete_person(anna, user=bob)
    work(analysis.job_id, runner.run_analysis)
    assert not LiveGuess.objects.exists()
    assert people_of(analysis.video) != [anna]
    page = signed_in(vera).get(reverse("videos:detail", args=[analysis.video_id])).content.decode()
    assert "Probably" not in page and GUESSED not in page


def test_the_person_page_has_it_among_the_appearances_in_the_end(team: Team, anna: Person, vera: User) -> None:
    analysis = begun(team, looks(found_track(), SURE))
    assert [seen.video for seen in tentative_queries.seen_now(team, anna)] == [analysis.video]
    work(analysis.job_id, runner.run_analysis)
    assert tentative_queries.seen_now(team, anna) == []
    page = signed_in(vera).get(reverse("people:person", args=[anna.pk]))
    assert 'aria-labelledby="seen-now-title"' not in page.content.decode()
    assert analysis.video in [each.video for each in page.context["videos"].object_list]


@pytest.mark.parametrize("similarity", [DOUBTFUL, STRANGER])
def test_a_doubtful_face_gets_no_name(team: Team, anna: Person, similarity: float) -> None:
    assert guessed(begun(team, looks(found_track(), similarity))) == []


def test_of_two_faces_of_one_moment_only_the_more_alike_is_hers(team: Team, anna: Person) -> None:
    tracks = looks(found_track(), 0.85, other=3), looks(found_track(box=RIGHT), 0.75, other=4)
    analysis = begun(team, *tracks)
    found = found_so_far(analysis.pk, 0.0)
    assert [face.label for face in found] == ["Anna", ""]


def test_two_rough_groups_of_her_are_shown_once(team: Team, anna: Person) -> None:
    tracks = looks(found_track(), 0.7, other=3), looks(found_track(start_s=20, end_s=22), 0.72, other=4)
    analysis = begun(team, *tracks)
    assert [face.label for face in found_so_far(analysis.pk, 0.0)] == ["Anna"]


def test_merged_renamed_and_deleted_people_are_who_they_are_now(team: Team, anna: Person, bob: User) -> None:
    other = people_of(make_analysed_video(looks(found_track(), 1.0, number=20), team=team, embedder=EMBEDDER))[0]
    analysis = begun(team, looks(found_track(), SURE))
    services.name_person(anna, name="Anne", user=bob)
    assert [face.label for face in guessed(analysis)] == ["Anne"]
    services.merge_people(anna, target=other, user=bob)
    assert [face.person for face in guessed(analysis)] == [other.pk]
    assert [seen.person for seen in tentative_queries.seen_now(team, other)] == [other]
    services.delete_person(other, user=bob)
    assert guessed(analysis) == [] and tentative_queries.seen_now(team) == []


def test_people_of_other_teams_are_nobody(team: Team, anna: Person, charlie: User) -> None:
    theirs = charlie.teams.get()
    assert guessed(begun(theirs, looks(found_track(), 1.0))) == []
    assert tentative_queries.seen_now(theirs) == []


def test_a_repeated_attempt_does_not_say_it_twice(team: Team, anna: Person) -> None:
    analysis = begun(team, looks(found_track(), SURE))
    faces = list(analysis.faces.all())
    guesses = tentative_runner.identify(faces, team.pk, EMBEDDER)
    assert guesses
    tentative_runner.store(analysis, guesses)
    assert LiveGuess.objects.count() == 1
    tentative_runner.store(analysis, {group: tentative_runner.TentativeMatch(anna.pk, 0.99) for group in guesses})
    assert LiveGuess.objects.get().likeness == pytest.approx(0.99)


def test_a_cancelled_analysis_is_not_being_looked_at(team: Team, anna: Person) -> None:
    analysis = begun(team, looks(found_track(), SURE))
    lifecycle.cancel(analysis.job_id)
    assert tentative_queries.seen_now(team, anna) == []


def test_a_new_analysis_leaves_the_people_of_the_former_one_alone(team: Team, anna: Person) -> None:
    video = anna.presences.get().analysis.video
    begun(team, looks(found_track(), SURE), video=video)
    assert not LiveGuess.objects.exists() and tentative_queries.seen_now(team, anna) == []


def test_the_scan_knows_her_within_the_first_batch(team: Team, anna: Person) -> None:
    face: FoundFace = looks(found_track(), SURE).faces[0]
    analysis = Analysis.objects.select_related("video").get(pk=begin_analysis(make_video(team=team)).pk)
    analysis.embedder = EMBEDDER
    row = runner._face(analysis, face, "scan/0")
    row.preliminary_group = 0
    row.save()
    tentative_runner.store(analysis, runner._tentative_matches(analysis, [row]))
    assert [seen.label for seen in guessed(analysis)] == ["Anna"]


def test_nobody_known_or_no_embedder_is_no_trouble(team: Team) -> None:
    assert guessed(begun(team, looks(found_track(), SURE))) == []
    assert tentative_runner.identify([], team.pk, EMBEDDER) == {}
    assert tentative_runner.identify([], team.pk, "") == {}
    assert tentative_queries.one_face_each({}, {}) == {}


def test_running_it_all_still_recognises_her(team: Team, anna: Person) -> None:
    video = make_video(team=team)
    run_all(begin_analysis(video), [looks(found_track(), SURE)], embedder=EMBEDDER)
    assert people_of(video) == [anna]
    assert Person.objects.get(pk=anna.pk).videos == 2
