"""Histories of one byte: few enough, bounded, and true to what came."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from arzip.models.fast.histories import NEXT, ONES

bits = st.lists(st.integers(0, 1), max_size=200)


def after(outcomes: list[int]) -> int:
    history = 0
    for bit in outcomes:
        history = int(NEXT[history, bit])
    return history


def test_they_fit_in_a_byte_and_all_are_reached() -> None:
    assert NEXT.shape == (ONES.size, 2) and ONES.size <= 256 and NEXT.max() < ONES.size
    reached = {0}
    while more := {int(NEXT[h, bit]) for h in reached for bit in (0, 1)} - reached:
        reached |= more
    assert reached == set(range(ONES.size))


@given(bits)
def test_zeros_and_ones_are_alike(outcomes: list[int]) -> None:
    """What is said of the mirrored history is the mirrored probability."""
    mirrored = after([1 - bit for bit in outcomes])
    assert abs(int(ONES[after(outcomes)]) + int(ONES[mirrored]) - 65536) <= 1


@given(bits, st.integers(0, 1))
def test_an_outcome_makes_itself_more_likely(outcomes: list[int], bit: int) -> None:
    before = after(outcomes)
    now = int(NEXT[before, bit])
    change = int(ONES[now]) - int(ONES[before])
    assert change >= 0 if bit else change <= 0


def test_few_outcomes_are_counted_exactly() -> None:
    assert ONES[after([1])] == (5 + 2) * 65536 // (5 + 4)
    assert ONES[after([1, 0, 1])] == (5 * 2 + 2) * 65536 // (5 * 3 + 4)


def test_they_are_numbered_by_how_much_they_have_seen() -> None:
    assert after([]) == 0
    numbers = [after([1] * n) for n in range(41)]
    assert numbers == sorted(set(numbers))
    assert after([1] * 1000) == after([1] * 40)


def test_what_came_long_ago_is_forgotten() -> None:
    changed = after([0] * 1000 + [1] * 6)
    assert ONES[changed] > 1 << 15
    assert np.unique(NEXT[changed]).size == 2
