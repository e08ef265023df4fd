"""Which people are asked about in one go."""

from collections.abc import Collection, Mapping

import pytest

from analysis.faces.review_order import chance_of_same, expected_gain, gain_of_group, whole_group


def both_ways(*pairs: tuple[str, str, float]) -> dict[str, dict[str, float]]:
    alike: dict[str, dict[str, float]] = {}
    for first, second, similarity in pairs:
        alike.setdefault(first, {})[second] = similarity
        alike.setdefault(second, {})[first] = similarity
    return alike


def anybody(group: Collection[str], key: str) -> bool:
    return True


CHAIN = both_ways(("a", "b", 0.58), ("b", "c", 0.55), ("c", "d", 0.50), ("d", "e", 0.30))


@pytest.mark.parametrize(
    ("alike", "start", "most", "expected"),
    [
        pytest.param(CHAIN, "a", 9, ["b", "c", "d"], id="along a chain while it is likely"),
        pytest.param(CHAIN, "a", 2, ["b", "c"], id="no more than asked for"),
        pytest.param(both_ways(("a", "b", 0.43), ("a", "c", 0.42)), "a", 9, ["b"], id="one alone where none is likely"),
        pytest.param(both_ways(("a", "b", 0.5), ("a", "c", 0.6)), "a", 9, ["c", "b"], id="the most alike first"),
    ],
)
def test_groups(alike: Mapping[str, Mapping[str, float]], start: str, most: int, expected: list[str]) -> None:
    found = whole_group(alike, start, anybody, most)
    assert [key for key, _ in found] == expected
    assert [chance for _, chance in found] == sorted((chance for _, chance in found), reverse=True)


def test_whoever_does_not_fit_ends_the_way_through_them() -> None:
    assert whole_group(CHAIN, "a", lambda group, key: key != "b", 9) == []
    found = whole_group(CHAIN, "a", lambda group, key: not (key == "c" and "b" in group), 9)
    assert [key for key, _ in found] == ["b"]


def test_the_gain_of_a_group_grows_with_who_is_in_it_and_with_their_chances() -> None:
    sure, doubtful = chance_of_same(0.6), chance_of_same(0.43)
    assert expected_gain(0.6, 3, 4) == pytest.approx(gain_of_group(3, [(4, sure)]))
    assert gain_of_group(1, [(1, sure), (1, sure)]) > gain_of_group(1, [(1, sure)]) > gain_of_group(1, [(1, doubtful)])
    assert gain_of_group(5, [(5, sure)]) > gain_of_group(1, [(1, sure)])
    assert gain_of_group(4, []) == 0
