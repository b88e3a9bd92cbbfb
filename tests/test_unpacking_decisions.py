"""Decisions: what is told is learned, and what is usual costs little."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from arzip import coder
from arzip.unpacking.decisions import NUMBER, NUMBER_BITS, Channel, Decisions, choice, number

EVEN = 1 << 31


def learned(payload: bytes, contexts: int) -> Channel:
    words, state = coder.to_words(payload), np.zeros(4, dtype=np.uint64)
    coder.start(words, state)
    odds = np.full(contexts, EVEN, dtype=np.uint32)
    return Decisions.learned(odds, words, state).channel


def told(contexts: int) -> tuple[Decisions, coder.Encoder]:
    encoder = coder.Encoder()
    return Decisions(np.full(contexts, EVEN, dtype=np.uint32), encoder.add), encoder


@given(st.lists(st.integers(0, (1 << NUMBER_BITS) - 2) | st.integers(0, 3), max_size=50))
def test_numbers_come_back(values: list[int]) -> None:
    decisions, encoder = told(NUMBER)
    for value in values:
        decisions.number(0, value)
    decisions.flush()
    channel = learned(encoder.finish(), NUMBER)
    assert [number(channel, 0, 0) for _ in values] == values


@given(st.lists(st.integers(0, 15), max_size=50))
def test_choices_come_back(values: list[int]) -> None:
    decisions, encoder = told(16)
    for value in values:
        assert choice(decisions.channel, 0, 4, value) == value
    decisions.flush()
    channel = learned(encoder.finish(), 16)
    assert [choice(channel, 0, 4, 0) for _ in values] == values


def test_what_is_usual_costs_little() -> None:
    decisions, encoder = told(1)
    for _ in range(10_000):
        decisions.decide(0, 0)
    decisions.flush()
    assert len(encoder.finish()) <= 16


@given(st.binary(max_size=40))
def test_damage_gives_numbers_in_range(payload: bytes) -> None:
    channel = learned(payload, NUMBER)
    for _ in range(20):
        assert 0 <= number(channel, 0, 0) < 1 << (NUMBER_BITS + 1)
