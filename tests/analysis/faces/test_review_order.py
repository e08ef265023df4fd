"""Which questions are worth asking, and which people are asked about in one go."""

from collections.abc import Collection, Mapping

import pytest

from analysis.faces.review_order import (
    ACROSS_VIDEOS,
    MOST_STRANGERS,
    NEARLY_SURE,
    WITHIN_VIDEO,
    WORTH_ASKING,
    ChanceCurve,
    chance_of_same,
    ease,
    gain_of_group,
    whole_group,
)
from analysis.faces.search import IDENTIFICATION_THRESHOLDS, IdentificationThresholds

DEFAULTS = IDENTIFICATION_THRESHOLDS["mobilefacenet_192"]


def both_ways(*pairs: tuple[str, str, float]) -> dict[str, dict[str, float]]:
    chances: dict[str, dict[str, float]] = {}
    for first, second, chance in pairs:
        chances.setdefault(first, {})[second] = chance
        chances.setdefault(second, {})[first] = chance
    return chances


def anybody(group: Collection[str], key: str) -> bool:
    return True


CHAIN = both_ways(("a", "b", 0.97), ("b", "c", 0.94), ("c", "d", 0.77), ("d", "e", 0.01))


@pytest.mark.parametrize(
    ("chances", "start", "most", "expected"),
    [
        pytest.param(CHAIN, "a", 9, ["b", "c", "d"], id="along a chain while it is likely"),
        pytest.param(CHAIN, "a", 2, ["b", "c"], id="no more than asked for"),
        pytest.param(both_ways(("a", "b", 0.3), ("a", "c", 0.25)), "a", 9, ["b"], id="one alone where none is likely"),
        pytest.param(both_ways(("a", "b", 0.7), ("a", "c", 0.9)), "a", 9, ["c", "b"], id="the likeliest first"),
    ],
)
def test_groups(chances: Mapping[str, Mapping[str, float]], start: str, most: int, expected: list[str]) -> None:
    found = whole_group(chances, start, anybody, most)
    assert [key for key, _ in found] == expected
    assert [chance for _, chance in found] == sorted((chance for _, chance in found), reverse=True)


def test_whoever_does_not_fit_ends_the_way_through_them() -> None:
    assert whole_group(CHAIN, "a", lambda group, key: key != "b", 9) == []
    found = whole_group(CHAIN, "a", lambda group, key: not (key == "c" and "b" in group), 9)
    assert [key for key, _ in found] == ["b"]


def test_the_gain_of_a_group_grows_with_who_is_in_it_and_with_their_chances() -> None:
    sure, doubtful = 0.95, 0.3
    assert gain_of_group(1, [(1, sure), (1, sure)]) > gain_of_group(1, [(1, sure)]) > gain_of_group(1, [(1, doubtful)])
    assert gain_of_group(5, [(5, sure)]) > gain_of_group(1, [(1, sure)])
    assert gain_of_group(4, []) == 0
    assert gain_of_group(0, [(0, sure)]) > 0


@pytest.mark.parametrize("curve", [ACROSS_VIDEOS, WITHIN_VIDEO])
def test_the_chance_grows_with_the_similarity(curve: ChanceCurve) -> None:
    cosines = [-1.0, 0.2, 0.42, 0.5, 0.55, 0.61, 0.8, 1.0]
    chances = [chance_of_same(cosine, DEFAULTS, 1, curve) for cosine in cosines]
    assert chances == sorted(chances) and 0 <= chances[0] < 0.05 and 0.95 < chances[-1] <= 1


def test_the_more_people_there_are_the_more_likely_a_stranger_is_as_similar() -> None:
    chances = [chance_of_same(0.55, DEFAULTS, people) for people in (0, 1, 10, 100, MOST_STRANGERS, 60_000)]
    assert chances[0] == chances[1] > chances[2] > chances[3] > chances[4] == chances[5]


def test_what_the_grouping_left_apart_is_less_likely_one_person_than_two_of_other_videos() -> None:
    assert chance_of_same(0.5, DEFAULTS, 1, WITHIN_VIDEO) < chance_of_same(0.5, DEFAULTS, 1, ACROSS_VIDEOS)


@pytest.mark.parametrize("curve", [ACROSS_VIDEOS, WITHIN_VIDEO])
@pytest.mark.parametrize("chance", [0.05, WORTH_ASKING, 0.5, NEARLY_SURE, 0.999])
def test_the_similarity_of_a_chance_has_that_chance(curve: ChanceCurve, chance: float) -> None:
    assert chance_of_same(curve.similarity_of(chance, DEFAULTS), DEFAULTS, 1, curve) == pytest.approx(chance)


def test_the_curves_follow_the_thresholds_of_the_embedder() -> None:
    other = IdentificationThresholds(accept_from=0.4, review_from=0.2)
    assert chance_of_same(0.4, other) == pytest.approx(chance_of_same(0.61, DEFAULTS))
    assert chance_of_same(0.2, other) == pytest.approx(chance_of_same(0.42, DEFAULTS))


def test_a_poor_view_on_either_side_makes_a_question_hard() -> None:
    assert ease(0.9, 0.9) == ease(0.6, 1.0) == 1
    assert ease(0.9, 0.3) == ease(0.3, 0.9) == 0.25 and ease(0.0, 1.0) == 0
