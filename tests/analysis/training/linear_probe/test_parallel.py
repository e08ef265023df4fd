"""Small computations beside one another: results in order, and an end for all when one fails or nobody waits."""

import time
from collections.abc import Callable, Iterator
from functools import partial

import pytest
import torch

from analysis.training.linear_probe.parallel import side_by_side

GoOn = Callable[[], None]


@pytest.fixture(autouse=True)
def two_cores() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    assert torch.get_num_threads() == 2, "as many cores afterwards as before"
    torch.set_num_threads(before)


def square(number: int, go_on: GoOn) -> int:
    time.sleep(0.02 if number == 0 else 0)  # the first ends last
    return number**2


def cores(go_on: GoOn) -> int:
    return torch.get_num_threads()


def forever(go_on: GoOn) -> int:
    while True:
        go_on()
        time.sleep(0.001)


def failing(go_on: GoOn) -> int:
    raise ValueError("no number")


def test_results_keep_the_order_of_the_tasks_and_each_end_is_told() -> None:
    told: list[int] = []
    assert side_by_side([partial(square, n) for n in range(5)], told.append) == [0, 1, 4, 9, 16]
    assert told == sorted(told)
    assert told[-1] == 5


def test_each_task_has_one_core() -> None:
    assert side_by_side([cores] * 3, lambda done: None) == [1, 1, 1]


def test_what_the_listener_raises_ends_all() -> None:
    def cancel(done: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        side_by_side([forever] * 3, cancel)


def test_what_a_task_raises_ends_the_others() -> None:
    with pytest.raises(ValueError, match="no number"):
        side_by_side([forever, failing, forever], lambda done: None)
