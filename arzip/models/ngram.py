"""The n-gram experts: what followed each context earlier in this segment.

For every context and half byte, a hash finds a line of 16 slots: a tag, then the 15 nodes of a
binary tree whose four levels are the half byte's bits. A slot is 32 bits:

    probability of a 1 (16 bits) | count (8 bits) | history (8 bits)

The history is the last outcomes, at most 7, after a leading 1. Each slot says three things in the
mixture's language of log-odds: stretch(probability); stretch(probability that histories such as
this one turned out to have), learned over all slots of the context's kind (indirect modelling, as
in PAQ); and the probability's distance from 1/2, which grows where the first two are sure.

A line is looked for in two neighbouring places of the table; a new one takes the place of the one
that was used less.
"""

import numpy as np
from numpy.typing import NDArray

from arzip.compiled import compiled, i32, prefetch, u32, u64
from arzip.models.fixedpoint import ONE, PROBABILITY_BITS, STRETCH, STRETCH_BITS
from arzip.models.state import CONTEXTS, HISTORIES, LINE, State

__all__ = ["find_lines", "learn", "locate_lines", "predict", "store_lines"]

UNSEEN = u32(0x80000001)  # probability 1/2, count 0, empty history
MOST = 255  # the highest count

# RATES[count] / 2**14 is how far a probability moves: 1 / (count + 1.3), as after `count` outcomes.
RATES = np.array([(10 << 14) // (10 * count + 13) for count in range(MOST + 1)], dtype=np.int32)

INDIRECT_RATE = 7  # 2**-7


@compiled
def locate_lines(state: State, table: NDArray[np.uint32], partial: int) -> None:
    """Hash the contexts of the half byte after `partial` and ask for its lines.

    The sooner this is called before find_lines, the less that waits for memory.
    """
    places, tags = state.places, state.tags
    mask = u64(table.size // LINE - 1)
    salt = u64(partial) * u64(0x9E3779B97F4A7C15)
    for i in range(CONTEXTS):
        x = state.hashes[i] ^ salt
        x = (x ^ (x >> u64(31))) * u64(0xD6E8FEB86659FD93)
        places[i] = ((x >> u64(20)) & mask) * u64(LINE)
        tags[i] = u32(x) | u32(1)
    for i in range(CONTEXTS):
        prefetch(table, places[i])
        prefetch(table, places[i] ^ u64(LINE))


@compiled
def find_lines(state: State, table: NDArray[np.uint32]) -> None:
    """Copy the located lines into the cache, beginning those that are new."""
    places, tags, lines, cache = state.places, state.tags, state.lines, state.cache
    state.hits = 0
    state.node = u64(1)
    for i in range(CONTEXTS):
        line = places[i]
        neighbour = line ^ u64(LINE)
        if table[line] != tags[i] and (
            table[neighbour] == tags[i]
            or _count(table[line + u64(1)]) > _count(table[neighbour + u64(1)])
        ):
            line = neighbour
        lines[i] = line
        if table[line] == tags[i]:
            state.hits += 1
            for k in range(LINE):
                cache[i, k] = table[line + u64(k)]
        else:
            cache[i, 0] = tags[i]
            for k in range(1, LINE):
                cache[i, k] = UNSEEN


@compiled
def store_lines(state: State, table: NDArray[np.uint32]) -> None:
    """Put the half byte's lines back, changed."""
    lines, cache = state.lines, state.cache
    for i in range(CONTEXTS):
        for k in range(LINE):
            table[lines[i] + u64(k)] = cache[i, k]


@compiled
def _count(slot: int) -> int:
    count: int = u32(slot >> u32(8)) & u32(255)
    return count


@compiled
def predict(state: State) -> None:
    """Set the experts' inputs to the mixture. Plain loops over the contexts, for the vectoriser."""
    slots, inputs = state.slots, state.inputs
    stretched, indirect = state.stretched, state.indirect
    for i in range(CONTEXTS):
        slots[i] = state.cache[i, state.node]
    for i in range(CONTEXTS):
        probability = u32(slots[i] >> u32(16))
        count = i32(_count(slots[i]))
        band = i32(count > 6) + i32(count > 20) + i32(count > 100)
        stretched[i] = u32(probability >> u32(16 - STRETCH_BITS))
        indirect[i] = u32(i32(i * HISTORIES) + i32(band * 256) + i32(u32(slots[i] & u32(255))))
        inputs[2 * CONTEXTS + i] = i32((i32(probability) - 32768) >> 6)
    for i in range(CONTEXTS):
        inputs[i] = STRETCH[stretched[i]]
    for i in range(CONTEXTS):
        seen = u32(state.history_map[indirect[i]])
        inputs[CONTEXTS + i] = STRETCH[seen >> u32(PROBABILITY_BITS - STRETCH_BITS)]


@compiled
def learn(state: State, bit: int) -> None:
    """Update the slots and histories that predicted `bit`."""
    slots, rates, indirect, history_map = (
        state.slots, state.rates, state.indirect, state.history_map,
    )  # fmt: skip
    goal = i32(65535 * bit)
    outcome = i32(bit)
    for i in range(CONTEXTS):
        rates[i] = RATES[_count(slots[i])]
    for i in range(CONTEXTS):
        slot = slots[i]
        p = i32(u32(slot >> u32(16)))
        p = i32(p + i32(i32(i32(goal - p) * rates[i]) >> 14))
        count = min(i32(i32(_count(slot)) + 1), i32(MOST))
        history = i32(u32(slot & u32(255)))
        history = i32(i32(i32(history << 1) & i32(255)) | i32(history & i32(128)) | outcome)
        slots[i] = u32(i32(p << 16) | i32(count << 8) | history)
    for i in range(CONTEXTS):
        state.cache[i, state.node] = slots[i]
    goal = i32(ONE - 1) if bit else i32(0)
    for i in range(CONTEXTS):
        p = history_map[indirect[i]]
        history_map[indirect[i]] = i32(p + i32(i32(goal - p) >> INDIRECT_RATE))
