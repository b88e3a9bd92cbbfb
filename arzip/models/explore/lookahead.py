"""All 256 conditionals of the next byte at once.

The model learns from every bit, so the probability of a byte's later bits depends on its earlier
ones through what was learned from them, too. To see all bytes' probabilities as coding would, walk
the tree of a byte's bits depth first: predict, learn from one outcome, go on; come back, undo what
was learned, learn from the other. What one step changes is little and known.
"""

import numpy as np
from numpy.typing import NDArray

from arzip import readings
from arzip.engine.compiled import compiled, u64
from arzip.models import coding
from arzip.models.bits import slots
from arzip.models.bits.state import ALL_CONTEXTS, LINE, MOST_INPUTS, MOST_MIXERS
from arzip.models.predictor import Predictor
from arzip.readings.reading import MOST_GUESSES, State

__all__ = ["UNDO", "climb", "conditionals", "descend"]

UNDO = np.dtype(
    [
        # Where the contexts change: the lines and runs before, in the table and cached.
        ("lines", np.uint64, ALL_CONTEXTS),
        ("stored", np.uint32, (ALL_CONTEXTS, 2 * LINE)),  # with the neighbouring place
        ("runs", np.uint64, ALL_CONTEXTS),
        ("stored_runs", np.uint32, ALL_CONTEXTS),
        ("cache", np.uint32, (ALL_CONTEXTS, LINE)),
        # At a bit.
        ("partial", np.int64),
        ("final_row", np.int64),
        ("bit", np.int64),
        ("node", np.uint64),
        ("hits", np.int64),
        ("slots", np.uint32, ALL_CONTEXTS),
        ("indirect", np.uint32, ALL_CONTEXTS),
        ("history_map", np.int32, ALL_CONTEXTS),
        ("match_bucket", np.int64),
        ("match_map", np.int32),
        ("guess_slots", np.int64, MOST_GUESSES),
        ("guess_trust", np.int32, MOST_GUESSES),
        ("guess_count", np.uint8, MOST_GUESSES),
        ("rows", np.int64, MOST_MIXERS),
        ("weights", np.int32, (MOST_MIXERS, MOST_INPUTS)),
        ("final_weights", np.int32, 2 + MOST_MIXERS),
        ("more_final_rows", np.int64, 2),
        ("more_final", np.int32, (2, 2 + MOST_MIXERS)),
        ("apm_knots", np.uint64, 2),
        ("apm", np.uint16, 2),
    ],
    align=True,
)
"""What the step at one depth of the tree changes, as it was; eight for a byte."""


@compiled
def conditionals(predictor: Predictor, undo: NDArray[np.void], width: NDArray[np.int64]) -> None:
    """Fill in the width of each node of the next byte's tree, numbered as state.partial: at its
    leaves, width[256:], the frequencies of all values. After coding.open_byte; changes nothing.
    """
    state, table = predictor.state, predictor.table
    width[1] = coding.WIDTH
    coding.find(state, table)
    for prefix in range(128):
        depth = 0  # where this path leaves the one before
        if prefix > 0:
            while (prefix ^ (prefix - 1)) >> (6 - depth) == 0:
                depth += 1
            for d in range(6, depth - 1, -1):
                climb(state, table, undo, d)
        for d in range(depth, 8):
            partial = state.partial
            ones = coding.split(width[partial], coding.predict(state), d)
            width[2 * partial] = width[partial] - ones
            width[2 * partial + 1] = ones
            if d < 7:
                descend(state, table, undo, d, (prefix >> (6 - d)) & 1)
    for d in range(6, -1, -1):
        climb(state, table, undo, d)
    slots.locate(state, table, 1)


@compiled
def descend(
    state: State, table: NDArray[np.uint32], undo: NDArray[np.void], depth: int, bit: int
) -> None:
    """Learn from `bit` after coding.predict at `depth`, 0 to 6, so that `climb` can undo it."""
    _save(state, undo[depth])
    coding.update(state, bit)
    if coding.begins_part(state, depth + 1):
        _save_part(state, table, undo[depth])
        slots.store(state, table)
        if not state.by_bits:
            slots.locate(state, table, state.partial)
        coding.find(state, table)


@compiled
def climb(state: State, table: NDArray[np.uint32], undo: NDArray[np.void], depth: int) -> None:
    """Undo `descend` at `depth`."""
    if coding.begins_part(state, depth + 1):
        _restore_part(state, table, undo[depth])
    _restore(state, undo[depth])
    if state.by_bits:
        readings.set_bit_contexts(state)


@compiled
def _save_part(state: State, table: NDArray[np.uint32], kept: State) -> None:
    for i in range(state.contexts):
        kept.lines[i], kept.runs[i] = state.lines[i], state.runs[i]
        kept.stored_runs[i] = table[state.runs[i]]
        pair = state.lines[i] & ~u64(2 * LINE - 1)
        for k in range(2 * LINE):
            kept.stored[i, k] = table[pair + u64(k)]
        for k in range(LINE):
            kept.cache[i, k] = state.cache[i, k]


@compiled
def _restore_part(state: State, table: NDArray[np.uint32], kept: State) -> None:
    for i in range(state.contexts):
        state.lines[i], state.runs[i] = kept.lines[i], kept.runs[i]
        if kept.runs[i] != u64(0):
            table[kept.runs[i]] = kept.stored_runs[i]
        pair = kept.lines[i] & ~u64(2 * LINE - 1)
        for k in range(2 * LINE):
            table[pair + u64(k)] = kept.stored[i, k]
        for k in range(LINE):
            state.cache[i, k] = kept.cache[i, k]


@compiled
def _save(state: State, kept: State) -> None:
    """Note what coding.update is about to change, after coding.predict."""
    kept.partial, kept.bit, kept.node = state.partial, state.bit, state.node
    kept.final_row = state.final_row
    kept.hits = state.hits
    kept.match_bucket = state.match_bucket
    kept.match_map = state.match_map[state.match_bucket]
    for i in range(state.contexts):
        kept.slots[i] = state.slots[i]
        kept.indirect[i] = state.indirect[i]
        kept.history_map[i] = state.history_map[state.indirect[i]]
    for k in range(MOST_GUESSES):
        slot = kept.guess_slots[k] = state.guess_slots[k]
        if slot >= 0:
            kept.guess_trust[k] = state.guess_trust[k, slot]
            kept.guess_count[k] = state.guess_count[k, slot]
    for k in range(state.mixers):
        kept.rows[k] = state.rows[k]
        for i in range(state.used):
            kept.weights[k, i] = state.weights[state.rows[k], i]
    for k in range(2 + state.mixers):
        kept.final_weights[k] = state.final_weights[state.final_row, k]
    readings.if_broad(state, _save_more, kept)
    for k in range(2):
        kept.apm_knots[k] = state.apm_knots[k]
        kept.apm[k] = state.apm[state.apm_knots[k]]


@compiled
def _save_more(state: State, kept: State) -> None:
    """Note what the last mixers change that a state for reading broadly has more."""
    for j in range(2):
        kept.more_final_rows[j] = state.more_final_rows[j]
        for k in range(2 + state.mixers):
            kept.more_final[j, k] = state.more_final[j, state.more_final_rows[j], k]


@compiled
def _restore_more(state: State, kept: State) -> None:
    for j in range(2):
        for k in range(2 + state.mixers):
            state.more_final[j, kept.more_final_rows[j], k] = kept.more_final[j, k]


@compiled
def _restore(state: State, kept: State) -> None:
    """Undo coding.update."""
    state.partial, state.bit, state.node = kept.partial, kept.bit, kept.node
    state.hits = kept.hits
    state.match_map[kept.match_bucket] = kept.match_map
    for i in range(state.contexts):
        state.cache[i, kept.node] = kept.slots[i]
        state.history_map[kept.indirect[i]] = kept.history_map[i]
    for k in range(MOST_GUESSES):
        slot = kept.guess_slots[k]
        if slot >= 0:
            state.guess_trust[k, slot] = kept.guess_trust[k]
            state.guess_count[k, slot] = kept.guess_count[k]
    for k in range(state.mixers):
        for i in range(state.used):
            state.weights[kept.rows[k], i] = kept.weights[k, i]
    for k in range(2 + state.mixers):
        state.final_weights[kept.final_row, k] = kept.final_weights[k]
    readings.if_broad(state, _restore_more, kept)
    for k in range(2):
        state.apm[kept.apm_knots[k]] = kept.apm[k]
