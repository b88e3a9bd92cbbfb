"""Lines and runs: found again, not confused, and nothing is written before it is learned."""

import numpy as np
import pytest

from arzip.models.fast import layout, predictor, table
from arzip.models.fast.predictor import Predictor
from arzip.readings import TEXT

BANKS = {bank: layout.unfitted() for bank in layout.BANKS}


@pytest.fixture
def empty() -> Predictor:
    return predictor.new_predictor(BANKS, 4000, TEXT)


def look(at: Predictor, seed: int, half: int = 0) -> None:
    """Look for contexts that hash to random numbers."""
    rng = np.random.default_rng(seed)
    at.state["hashes"][half] = rng.integers(0, 1 << 63, layout.CONTEXTS, dtype=np.uint64)
    at.state["run_hashes"][:] = rng.integers(0, 1 << 63, layout.RUNS, dtype=np.uint64)
    table.ask(at.state, at.table, half)
    table.find(at.state, at.table, half)
    table.find_runs(at.state, at.runs)


def learn(at: Predictor, byte: int) -> None:
    """Learn a byte: the first node's history becomes 1 in all lines."""
    state = at.state
    state["lines"][1] = state["homes"][1]
    table.settle(state, at.table)
    for home in state["homes"][0, 1:]:
        at.table[int(home) + 1] = 1
    table.note_runs(state, at.runs, byte)


def test_looking_writes_nothing(empty: Predictor) -> None:
    look(empty, 1)
    assert not empty.table.any() and not empty.runs.any()
    assert (empty.state["lines"][0, 1:] == empty.table.size - table.LINE).all()
    assert (empty.state["run_counts"] == 0).all()


def test_what_was_learned_is_found_again(empty: Predictor) -> None:
    for seed in range(20):
        look(empty, seed)
        learn(empty, seed)
    for seed in range(20):
        look(empty, seed)
        state = empty.state
        assert (state["lines"][0, 1:] == state["homes"][0, 1:]).all()
        assert all(empty.table[int(line) + 1] == 1 for line in state["lines"][0, 1:])
        assert (state["run_counts"] == 1).all() and (state["run_bytes"] == seed).all()


def test_the_empty_line_stays_empty(empty: Predictor) -> None:
    for seed in range(3000):  # more than fit
        look(empty, seed)
        learn(empty, 7)
    assert not empty.table[-table.LINE :].any()
    look(empty, 2999)
    assert (empty.state["lines"][0, 1:] == empty.state["homes"][0, 1:]).sum() >= 6


def test_a_run_counts_and_begins_again(empty: Predictor) -> None:
    for n in range(1, 40):
        look(empty, 1)
        learn(empty, 65)
        look(empty, 1)
        assert (empty.state["run_counts"] == min(n, layout.RUN_COUNTS - 1)).all()
    learn(empty, 66)
    look(empty, 1)
    assert (empty.state["run_counts"] == 1).all() and (empty.state["run_bytes"] == 66).all()


def test_the_halves_of_a_byte_have_lines_of_their_own(empty: Predictor) -> None:
    look(empty, 1)
    places = set()
    for partial in range(16, 32):
        table.to_low_half(empty.state, partial)
        places |= {tuple(empty.state["hashes"][1, 1:].tolist())}
    assert len(places) == 16
