"""The n-gram experts: what followed each context earlier in this segment.

For each bit, every context has a slot, found by slots.py. It is 32 bits:

    probability of a 1 (16 bits) | count (8 bits) | history (8 bits)

The history is the last outcomes, at most 7, after a leading 1. Each slot says three things in the
mixer's language of log-odds: stretch(probability); stretch(probability that histories such as
this one turned out to have), learned over all slots of the context's kind (indirect modelling, as
in PAQ); and the probability's distance from 1/2, which grows where the first two are sure.
"""

from collections.abc import Callable

import numpy as np

from arzip.engine.compiled import compiled, i32, u32
from arzip.models.bits.odds import ONE, PROBABILITY_BITS, STRETCH, STRETCH_BITS
from arzip.models.bits.state import COUNTS, HISTORIES, inputs_of
from arzip.readings import for_each_size
from arzip.readings.reading import MORE_CONTEXTS, Size, State

__all__ = ["MOST", "RATES", "UNSEEN", "after", "count_of", "learn", "predict"]

UNSEEN = u32(0x80000001)  # probability 1/2, count 0, empty history
MOST = 255  # the highest count

# RATES[count] / 2**14 is how far a probability moves: 1 / (count + 1.3), as after `count` outcomes.
RATES = np.array([(10 << 14) // (10 * count + 13) for count in range(MOST + 1)], dtype=np.int32)

INDIRECT_RATE = 7  # 2**-7


def after(slot: int, bit: int) -> int:
    """Return what `learn` makes of a slot."""
    probability, count, history = slot >> 16, slot >> 8 & 255, slot & 255
    probability += ((65535 * bit - probability) * int(RATES[count])) >> 14
    history = (history << 1 & 255) | (history & 128) | bit
    return probability << 16 | min(count + 1, MOST) << 8 | history


@compiled
def count_of(slot: int) -> int:
    """Return how many outcomes a slot has seen, at most MOST."""
    count: int = u32(slot >> u32(8)) & u32(255)
    return count


@compiled
def _distance(slot: int) -> int:
    """Return a slot's distance from 1/2."""
    distance: int = i32((i32(u32(slot >> u32(16))) - 32768) >> 6)
    return distance


@compiled
def _turned_out(seen: int) -> int:
    odds: int = STRETCH[u32(seen) >> u32(PROBABILITY_BITS - STRETCH_BITS)]
    return odds


@for_each_size
def predict(size: Size) -> Callable[[State], None]:
    own, total = size.contexts, size.all_contexts
    direct, learned, sure = COUNTS, COUNTS + own, COUNTS + 2 * own
    more = inputs_of(size) - own
    more_learned, more_sure = more + MORE_CONTEXTS, more + 2 * MORE_CONTEXTS

    @compiled
    def predict(state: State) -> None:
        """Set the experts' inputs to the mixer. Plain loops, for the vectoriser."""
        slots, inputs = state.slots, state.inputs
        stretched, indirect = state.stretched, state.indirect
        for i in range(total):
            slots[i] = state.cache[i, state.node]
        for i in range(total):
            probability = u32(slots[i] >> u32(16))
            count = i32(count_of(slots[i]))
            band = i32(count > 6) + i32(count > 20) + i32(count > 100)
            stretched[i] = u32(probability >> u32(16 - STRETCH_BITS))
            indirect[i] = u32(i32(i * HISTORIES) + i32(band * 256) + i32(u32(slots[i] & u32(255))))
        for i in range(own):
            inputs[sure + i] = _distance(slots[i])
            inputs[direct + i] = STRETCH[stretched[i]]
        for i in range(own):
            inputs[learned + i] = _turned_out(state.history_map[indirect[i]])
        for i in range(own, total):
            inputs[more_sure + i] = _distance(slots[i])
            inputs[more + i] = STRETCH[stretched[i]]
        for i in range(own, total):
            inputs[more_learned + i] = _turned_out(state.history_map[indirect[i]])

    return predict


@for_each_size
def learn(size: Size) -> Callable[[State, int], None]:
    total = size.all_contexts

    @compiled
    def learn(state: State, bit: int) -> None:
        """Update the slots and histories that predicted `bit`."""
        slots, rates, indirect, history_map = (
            state.slots, state.rates, state.indirect, state.history_map,
        )  # fmt: skip
        goal = i32(65535 * bit)
        outcome = i32(bit)
        for i in range(total):
            rates[i] = RATES[count_of(slots[i])]
        for i in range(total):
            slot = slots[i]
            p = i32(u32(slot >> u32(16)))
            p = i32(p + i32(i32(i32(goal - p) * rates[i]) >> 14))
            count = min(i32(i32(count_of(slot)) + 1), i32(MOST))
            history = i32(u32(slot & u32(255)))
            history = i32(i32(i32(history << 1) & i32(255)) | i32(history & i32(128)) | outcome)
            slots[i] = u32(i32(p << 16) | i32(count << 8) | history)
        for i in range(total):
            state.cache[i, state.node] = slots[i]
        goal = i32(ONE - 1) if bit else i32(0)
        for i in range(total):
            p = history_map[indirect[i]]
            history_map[indirect[i]] = i32(p + i32(i32(goal - p) >> INDIRECT_RATE))

    return learn
