"""Lines and runs: what every context's slots hold, against a dictionary that forgets nothing."""

import numpy as np
import pytest
from numpy.typing import NDArray

from arzip.engine.compiled import compiled
from arzip.models.bits import mixer, ngram, slots
from arzip.models.bits.state import LINE, new_state, read_by
from arzip.readings import TEXT, Chosen, bitmap
from arzip.readings.reading import Reading, State

CONTEXTS = TEXT.reading.contexts
PIXEL_CONTEXTS = bitmap.READING.contexts

Reference = dict[tuple[int, int], list[int]]


def reading_as(reading: Reading) -> State:
    state = new_state(mixer.apm_row())
    read_by(state, reading, Chosen(reading, reading.usual).which, reading.usual)
    return state


def fresh() -> State:
    return reading_as(TEXT.reading)


@compiled
def locate(state: State, table: NDArray[np.uint32], partial: int) -> None:
    slots.locate(state, table, partial)


@compiled
def find(state: State, table: NDArray[np.uint32]) -> None:
    slots.find(state, table)


@compiled
def store(state: State, table: NDArray[np.uint32]) -> None:
    slots.store(state, table)


@compiled
def follow(state: State, bit: int) -> None:
    ngram.predict(state)
    ngram.learn(state, bit)


def look(state: State, table: NDArray[np.uint32], hashes: NDArray[np.uint64]) -> None:
    """Find what contexts of these hashes have."""
    state["hashes"][: hashes.size] = hashes
    locate(state, table, 1)
    find(state, table)


def take(state: State, table: NDArray[np.uint32], hashes: NDArray[np.uint64], half: int) -> None:
    """One half byte after contexts of these hashes."""
    look(state, table, hashes)
    for level in range(4):
        bit = half >> (3 - level) & 1
        follow(state, bit)
        state["node"] = state["node"] << np.uint64(1) | np.uint64(bit)
    store(state, table)


def expected(reference: Reference, hashes: NDArray[np.uint64]) -> list[list[int]]:
    new = [int(ngram.UNSEEN)] * LINE
    return [reference.get((i, int(h)), new)[1:] for i, h in enumerate(hashes)]


def note(reference: Reference, hashes: NDArray[np.uint64], half: int) -> None:
    for i, h in enumerate(hashes):
        line = reference.setdefault((i, int(h)), [int(ngram.UNSEEN)] * LINE)
        node = 1
        for level in range(4):
            bit = half >> (3 - level) & 1
            line[node] = ngram.after(line[node], bit)
            node = node << 1 | bit


@pytest.mark.parametrize("change", [0.0, 0.02, 0.5], ids=["runs", "mostly runs", "lines"])
def test_with_room_for_all_nothing_is_lost(change: float) -> None:
    """A run unfolds to the line that it stands for, when it grows, ends, and is at its longest."""
    rng = np.random.default_rng(7)
    state, table, reference = fresh(), np.zeros(1 << 18, dtype=np.uint32), Reference()
    habits = rng.integers(0, 16, 8)
    for _ in range(3000):
        kind = int(rng.integers(8))
        hashes = np.arange(CONTEXTS, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        hashes ^= np.uint64(kind) << rng.integers(3, 6, CONTEXTS).astype(np.uint64)
        half = int(rng.integers(16)) if rng.random() < change else int(habits[kind])
        look(state, table, hashes)
        assert state["cache"][:CONTEXTS][:, 1:].tolist() == expected(reference, hashes)
        assert state["hits"] == sum((i, int(h)) in reference for i, h in enumerate(hashes))
        take(state, table, hashes, half)
        note(reference, hashes, half)


def test_only_what_two_half_bytes_followed_takes_a_line() -> None:
    state, table = fresh(), np.zeros(1 << 14, dtype=np.uint32)
    lines, runs = table[: table.size // 2], table[table.size // 2 :]
    hashes = np.arange(CONTEXTS, dtype=np.uint64) << np.uint64(40)
    for count in range(1, 10):
        take(state, table, hashes, 5)
        assert not lines.any() and np.count_nonzero(runs) == CONTEXTS
        assert (runs[runs > 0] & 0xFFF == 5 << 8 | count).all()
    take(state, table, hashes, 6)
    assert np.count_nonzero(lines[::LINE]) == CONTEXTS and not runs.any()


def test_what_was_seen_often_outlasts_what_was_seen_once() -> None:
    rng = np.random.default_rng(8)
    state, table = fresh(), np.zeros(1 << 13, dtype=np.uint32)
    often = rng.integers(0, 1 << 62, CONTEXTS).astype(np.uint64)
    for _ in range(20):
        take(state, table, often, 5)
    for _ in range(500):
        take(state, table, rng.integers(0, 1 << 62, CONTEXTS).astype(np.uint64), 6)
    look(state, table, often)
    known = [int(slot) for slot in state["cache"][:CONTEXTS, 1] if ngram.count_of(slot) == 20]
    assert len(known) >= CONTEXTS - 2  # two may have had the same place from the start


def take_bit(
    state: State, table: NDArray[np.uint32], hashes: NDArray[np.uint64], near: int, bit: int
) -> list[list[int]]:
    """One bit after contexts of these hashes; return what their lines were before."""
    look(state, table, hashes)
    state["node"] = near
    before: list[list[int]] = state["cache"][:PIXEL_CONTEXTS, 1 : slots.SHORT_LINE].tolist()
    follow(state, bit)
    store(state, table)
    return before


def test_a_bit_with_contexts_of_its_own_has_short_lines() -> None:
    rng = np.random.default_rng(9)
    state, table = reading_as(bitmap.READING), np.zeros(1 << 16, dtype=np.uint32)
    reference = Reference()
    for _ in range(3000):
        hashes = rng.integers(0, 8, PIXEL_CONTEXTS).astype(np.uint64) << np.uint64(40)
        hashes |= np.arange(PIXEL_CONTEXTS, dtype=np.uint64)
        near, bit = int(rng.integers(1, 8)), int(rng.integers(2))
        new = [int(ngram.UNSEEN)] * slots.SHORT_LINE
        lines = [reference.setdefault((i, int(h)), list(new)) for i, h in enumerate(hashes)]
        assert take_bit(state, table, hashes, near, bit) == [line[1:] for line in lines]
        for line in lines:
            line[near] = ngram.after(line[near], bit)
    assert np.count_nonzero(table[:: slots.SHORT_LINE]) == len(reference)


def test_short_lines_that_were_seen_often_outlast_others() -> None:
    rng = np.random.default_rng(10)
    state, table = reading_as(bitmap.READING), np.zeros(1 << 12, dtype=np.uint32)
    often = rng.integers(0, 1 << 62, PIXEL_CONTEXTS).astype(np.uint64)
    for _ in range(20):
        take_bit(state, table, often, 1, 1)
    for _ in range(500):
        take_bit(state, table, rng.integers(0, 1 << 62, PIXEL_CONTEXTS).astype(np.uint64), 1, 0)
    known = [line for line in take_bit(state, table, often, 1, 1) if ngram.count_of(line[0]) == 20]
    assert len(known) >= PIXEL_CONTEXTS - 2  # two may have had the same place from the start


def test_a_slot_after_an_outcome_is_what_learning_makes_of_it() -> None:
    rng = np.random.default_rng(9)
    state = fresh()
    for _ in range(50):
        before = rng.integers(0, 1 << 32, CONTEXTS, dtype=np.uint32)
        bit = int(rng.integers(2))
        state["node"] = np.uint64(1)
        state["cache"][:CONTEXTS, 1] = before
        follow(state, bit)
        assert state["cache"][:CONTEXTS, 1].tolist() == [
            ngram.after(int(slot), bit) for slot in before
        ]
