"""Work side by side that seems to be done one after the other."""

import threading
import time
from functools import partial

import pytest

from arzip.cli.turns import side_by_side, wait_for_turn


@pytest.mark.parametrize("at_a_time", [1, 2, 5])
def test_turns_come_in_order(at_a_time: int) -> None:
    said: list[int] = []

    def work(number: int) -> None:
        time.sleep(0.002 * (number % 3))
        wait_for_turn()
        said.append(number)
        time.sleep(0.001)
        said.append(number)

    side_by_side([partial(work, number) for number in range(12)], at_a_time)
    assert said == [number for number in range(12) for _ in range(2)]


def test_works_run_at_the_same_time() -> None:
    barrier = threading.Barrier(3, timeout=20)
    side_by_side([barrier.wait] * 3, 3)


def test_a_failure_ends_it() -> None:
    done: list[int] = []

    def work(number: int) -> None:
        if number == 1:
            raise BrokenPipeError
        time.sleep(0.01)
        done.append(number)

    for at_a_time in (1, 2):
        done.clear()
        with pytest.raises(BrokenPipeError):
            side_by_side([partial(work, number) for number in range(50)], at_a_time)
        assert 0 in done and len(done) < 10


def test_nothing_is_waited_for_outside() -> None:
    wait_for_turn()
    side_by_side([], 2)
