"""Small computations beside one another: results in order, and an end for all when one fails or nobody waits."""

import time
from collections.abc import Callable, Iterator
from functools import partial

import pytest
import torch

from analysis.training.linear_probe.parallel import in_parallel

CheckStopped = Callable[[], None]


@pytest.fixture(autouse=True)
def two_cores() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    assert torch.get_num_threads() == 2, "as many cores afterwards as before"
    torch.set_num_threads(before)


def square(number: int, check_stopped: CheckStopped) -> int:
    time.sleep(0.02 if number == 0 else 0)  # the first ends last
    return number**2


def cores(check_stopped: CheckStopped) -> int:
    return torch.get_num_threads()


def forever(check_stopped: CheckStopped) -> int:
    while True:
        check_stopped()
        time.sleep(0.001)


def failing(check_stopped: CheckStopped) -> int:
    raise ValueError("no number")


def test_results_keep_the_order_of_the_tasks_and_each_end_is_told() -> None:
    told: list[int] = []
    assert in_parallel([partial(square, n) for n in range(5)], told.append) == [0, 1, 4, 9, 16]
    assert told == sorted(told)
    assert told[-1] == 5


def test_each_task_has_one_core() -> None:
    assert in_parallel([cores] * 3, lambda done: None) == [1, 1, 1]


def test_what_the_listener_raises_ends_all() -> None:
    def cancel(done: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        in_parallel([forever] * 3, cancel)


def test_what_a_task_raises_ends_the_others() -> None:
    with pytest.raises(ValueError, match="no number"):
        in_parallel([forever, failing, forever], lambda done: None)
