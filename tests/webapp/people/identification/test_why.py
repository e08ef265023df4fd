"""Why an appearance has its name: what is said is what decided, with the limit that held then."""

import re
from dataclasses import replace

import numpy as np
import pytest
from django.db import IntegrityError
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from analysis.faces.clarity import are_clear
from analysis.faces.group import THRESHOLDS
from analysis.types import FoundTrack, ViewMeasures
from tests.conftest import signed_in
from tests.factories_videos import begin_analysis, found_track, make_analysed_video, people_of, run_analysis
from tests.present import present
from webapp.accounts.models import Team, User
from webapp.people.acts import services
from webapp.people.identification import why_queries, why_words
from webapp.people.identification.why_queries import Reason
from webapp.people.models import Decision, DecisionKind, Person, Track
from webapp.videos.models import Video

pytestmark = pytest.mark.django_db(transaction=True)
EMBEDDER = "mobilefacenet_192"
RIGHT = (300, 10, 360, 70)
FRONT = ViewMeasures(presence=0.99, yaw_deg=4, pitch_deg=3, sharpness=0.8)
PROFILE = ViewMeasures(presence=0.9, yaw_deg=70, pitch_deg=0, sharpness=0.5)
MATCHED = re.compile(r"(\d+) % match.*? from (\d+) %", re.S)


def looks(track: FoundTrack, *parts: tuple[int, float], own: int = 60) -> FoundTrack:
    """All views have these cosines with these axes, and beside that only with axis `own`."""
    vector = np.zeros(64, np.float32)
    for axis, similarity in parts:
        vector[axis] = similarity
    vector[own] = np.sqrt(max(1 - float(vector @ vector), 0))
    for face in track.faces:
        object.__setattr__(face, "embedding", vector)
    return track


def analysed(team: Team, *tracks: FoundTrack) -> Video:
    return make_analysed_video(*tracks, team=team, embedder=EMBEDDER)


def reason_of(track: Track) -> Reason:
    assert track.person is not None
    return present(why_queries.of_track(track, track.person))


def words_of(video: Video) -> str:
    return " ".join(reason_of(present(video.current_analysis).tracks.earliest("start_s")).sentences)


def test_the_similarity_that_decided_the_limit_and_the_runner_up_are_said(team: Team, bob: User, vera: User) -> None:
    anna, bert = people_of(analysed(team, looks(found_track(), (0, 1.0)), looks(found_track(box=RIGHT), (1, 1.0))))
    services.name_person(anna, name="Anna", user=bob)
    services.name_person(bert, name="Bert", user=bob)
    video = analysed(team, looks(found_track(), (0, 0.72), (1, 0.3)))
    assert people_of(video) == [anna]
    words = words_of(video)
    assert "72 % match with Anna. Faces match automatically from 61 %." in words
    assert "next closest match was Bert, with only 30 %" in words
    track = present(video.current_analysis).tracks.get()
    page = signed_in(vera).get(reverse("people:why", args=[track.pk]))
    assert page.context["reason"].other == bert
    # Later changes do not change what was decided: neither a stricter limit nor new pictures.
    services.set_thresholds(anna, accept_from=0.9, review_from=0.5, user=bob)
    assert "72 % match with Anna. Faces match automatically from 61 %." in words_of(video)


def test_a_runner_up_that_is_almost_as_close_is_a_warning(team: Team) -> None:
    analysed(team, looks(found_track(), (0, 1.0)), looks(found_track(box=RIGHT), (1, 1.0)))
    assert "almost as close a match (66 %), so check carefully" in words_of(
        analysed(team, looks(found_track(), (0, 0.7), (1, 0.66)))
    )


def test_whoever_is_beside_it_in_the_picture_is_no_runner_up(team: Team) -> None:
    first, second = people_of(analysed(team, looks(found_track(), (0, 1.0)), looks(found_track(box=RIGHT), (1, 1.0))))
    pair = looks(found_track(), (0, 0.8), (1, 0.5)), looks(found_track(box=RIGHT), (1, 0.9), own=61)
    video = analysed(team, *pair)
    assert people_of(video) == [first, second]
    decision = Decision.objects.get(tracks__person=first, analysis=video.current_analysis)
    assert (decision.nearest, decision.runner_up) == (first, None)


def test_who_is_new_was_below_the_limit_also_when_rounded(team: Team) -> None:
    (known,) = people_of(analysed(team, looks(found_track(), (0, 1.0))))
    video = analysed(team, looks(found_track(), (0, 0.6084)))
    (new,) = people_of(video)
    assert new != known
    assert f"{new} was first found in this video. The closest match was {known} with 60 %" in words_of(video)
    assert "only from 61 %" in words_of(video)
    third = words_of(analysed(team, looks(found_track(), (0, 0.3), (60, 0.28), own=50)))
    assert "was first found" in third and "check carefully" not in third, "nobody matched, so nobody came second"


def test_appearances_of_one_video_say_how_they_joined(team: Team) -> None:
    tracks = looks(found_track(), (0, 1.0)), looks(found_track(start_s=10, end_s=12), (0, 0.8))
    video = analysed(team, *tracks)
    assert "Within this video it is a 80 % match" in words_of(video) and "grouped from 53 %" in words_of(video)


@pytest.mark.parametrize("similarities", [(0.9, 0.62, 0.56), (0.75, 0.55, 0.6), (0.99, 0.54, 0.95)])
def test_no_page_shows_a_joining_similarity_below_the_limit_that_it_names(
    team: Team, vera: User, similarities: tuple[float, ...]
) -> None:
    analysed(team, looks(found_track(), (0, 1.0)), looks(found_track(box=RIGHT), (1, 1.0)))
    for number, similarity in enumerate(similarities):
        tracks = [
            looks(
                found_track(start_s=10 * place, end_s=10 * place + 3), (0, similarity - 0.04 * place), own=40 + number
            )
            for place in range(4)
        ]
        analysed(team, *tracks)
    client, compared = signed_in(vera), 0
    for track in Track.objects.filter(person__isnull=False):
        page = client.get(reverse("people:why", args=[track.pk])).content.decode()
        for similarity, limit in MATCHED.findall(page):
            assert int(similarity) >= int(limit), page
            compared += 1
    assert compared


@given(st.floats(0, 1), st.floats(0.01, 1), st.sampled_from(DecisionKind.values))
def test_rounding_never_puts_a_similarity_on_the_wrong_side(similarity: float, limit: float, kind: str) -> None:
    if (kind == DecisionKind.FOUNDED) == (similarity >= limit):
        return
    decision = Decision(kind=kind, similarity=similarity, limit=limit, nearest=Person(number=1), nearest_id=None)
    for sentence in why_words.decided(decision, Person(number=2)):
        for shown, named in MATCHED.findall(sentence):
            assert int(shown) >= int(named)
        for shown, named in re.findall(r"with (\d+) %.*only from (\d+) %", sentence):
            assert int(shown) < int(named)


def test_the_database_keeps_no_match_below_its_limit(team: Team) -> None:
    video = analysed(team, found_track())
    with pytest.raises(IntegrityError):
        Decision.objects.create(
            analysis=present(video.current_analysis), kind="identified", embedder=EMBEDDER, similarity=0.59, limit=0.61
        )


def test_a_new_analysis_keeps_how_somebody_was_identified(team: Team) -> None:
    (anna,) = people_of(analysed(team, looks(found_track(), (0, 1.0))))
    video = analysed(team, looks(found_track(), (0, 0.72)))
    run_analysis(begin_analysis(video), [looks(found_track(), (0, 0.5))], embedder=EMBEDDER)
    video.refresh_from_db()
    assert people_of(video) == [anna]
    words = words_of(video)
    assert "previous analysis" in words and "72 % match" in words and "50 %" not in words


def test_what_was_decided_before_decisions_were_kept_is_said_to_be(team: Team) -> None:
    video = analysed(team, found_track())
    Decision.objects.all().delete()
    words = words_of(video)
    assert "decided by earlier rules" in words and "match with" not in words


def test_percentages_of_a_model_that_is_no_longer_in_use_are_said_to_be(team: Team, vera: User) -> None:
    analysed(team, looks(found_track(), (0, 1.0)))
    video = analysed(team, looks(found_track(), (0, 0.72)))
    assert "Another face model" not in words_of(video)
    Decision.objects.update(embedder="another model 0123456789abcdef")
    assert "72 % match" in words_of(video) and "Another face model was in use then." in words_of(video)


def test_a_human_who_decided_is_named_and_no_similarity(team: Team, bob: User) -> None:
    first, second = people_of(analysed(team, looks(found_track(), (0, 1.0)), looks(found_track(box=RIGHT), (1, 1.0))))
    services.merge_people(second, target=first, user=bob)
    track = first.tracks.order_by("pk").last()
    words = " ".join(reason_of(present(track)).sentences)
    assert words.startswith(f"Bob merged {second} into {first}") and "% match" not in words


def test_who_was_compared_with_nobody_is_not_said_to_be_like_nobody(team: Team, bob: User) -> None:
    (found,) = people_of(analysed(team, looks(found_track(), (0, 1.0))))
    track = found.tracks.get()
    track.faces.update(presence=0.1, yaw_deg=4, pitch_deg=3, sharpness=0.8)
    sentences = reason_of(track).sentences
    assert f"{found} was first found in this video." in sentences
    assert "None of its pictures is clear, so it was not compared with anyone." in sentences
    assert not any("similar" in sentence for sentence in sentences)
    assert "The picture is not clear: hard to make out. A mistake is more likely." in sentences
    services.move_appearances(found, track_ids=[track.pk], target=None, name="Anna", user=bob)
    track.refresh_from_db()
    assert reason_of(track).sentences[-1] == "The picture is not clear: hard to make out.", "Bob knows who it is"


def test_a_part_without_a_clear_view_says_that_it_was_followed(team: Team) -> None:
    clear = found_track(start_s=58, end_s=59.8, reaches_end=True)
    turned = found_track(start_s=60, end_s=62, reaches_start=True)
    for face in turned.faces:
        object.__setattr__(face, "measures", PROFILE)
    video = make_analysed_video(clear, turned, team=team, embedder=EMBEDDER, duration_s=120)
    first, second = present(video.current_analysis).tracks.order_by("start_s")
    second.joined_to, second.person, second.decision = first, first.person, first.decision
    second.save()
    sentences = reason_of(second).sentences
    assert "Followed without a break from a clear view at 0:58." in sentences
    assert "The picture is not clear: turned away. A mistake is more likely." in sentences
    assert not any("Followed" in sentence for sentence in reason_of(first).sentences)


@pytest.mark.parametrize(
    ("measures", "side_px", "said"),
    [
        (FRONT, 80, "The picture is clear: sharp and seen from the front."),
        (replace(FRONT, yaw_deg=-38), 80, "The picture is clear, though turned to the side."),
        (replace(FRONT, sharpness=0.15), 30, "The picture is clear, though a little blurred and small."),
        (PROFILE, 80, "The picture is not clear: turned away. A mistake is more likely."),
        (replace(FRONT, pitch_deg=-60, sharpness=0.01), 80, "The picture is not clear: looking down and blurred."),
        (replace(FRONT, presence=0.1), 12, "The picture is not clear: hard to make out and small."),
        (None, 80, "How clear this picture is was not measured"),
    ],
)
def test_words_about_a_picture_are_true(measures: ViewMeasures | None, side_px: float, said: str) -> None:
    is_clear = measures is not None and are_clear(measures, side_px)
    assert said in why_words.picture(measures, side_px, is_clear)


@given(
    st.floats(0, 1),
    st.floats(-90, 90),
    st.floats(-90, 90),
    st.floats(0, 1),
    st.floats(4, 300).map(lambda px: round(px)),
)
def test_only_a_sharp_frontal_face_is_called_so(
    presence: float, yaw: float, pitch: float, sharpness: float, side: float
) -> None:
    measures = ViewMeasures(presence, yaw, pitch, sharpness)
    words = why_words.picture(measures, side, are_clear(measures, side))
    if "seen from the front" in words:
        assert abs(yaw) <= 30 and presence >= 0.5 and sharpness >= 0.25
    assert (": ." not in words) and ("though ." not in words)


def test_limits_of_groups_are_those_of_the_embedder(team: Team) -> None:
    video = analysed(team, found_track())
    decision = Decision.objects.get(analysis=video.current_analysis)
    assert decision.grouped_from == THRESHOLDS[EMBEDDER].within_recording
