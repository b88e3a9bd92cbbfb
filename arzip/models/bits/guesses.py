"""The guess experts: the bits of bytes that a reading expects, as long as they come true.

How far to trust a guess is learned for each case that the reading tells apart, and each bit.
"""

from collections.abc import Callable

from arzip.engine.compiled import compiled, i32, i64, u64
from arzip.models.bits.ngram import MOST, RATES
from arzip.models.bits.odds import ONE, PROBABILITY_BITS, STRETCH, STRETCH_BITS
from arzip.models.bits.state import after_counts
from arzip.readings import for_each_size
from arzip.readings.reading import Size, State

__all__ = ["learn", "predict"]

_HALF = ONE // 2


@compiled
def _bit(state: State, k: int) -> int:
    """Return the bit that a guess expects."""
    bit: int = state.guesses[k] >> (7 - state.bit) & 1
    return bit


@for_each_size
def predict(size: Size) -> Callable[[State], None]:
    _, _, first = after_counts(size)

    @compiled
    def predict(state: State) -> None:
        """Set the experts' inputs to the mixer: 0 once the byte is another one."""
        for k in range(size.guesses):
            state.inputs[first + k] = i32(0)
            state.guess_slots[k] = -1
            if (state.guesses[k] + 256) >> (8 - state.bit) == state.partial:
                slot = state.guess_cases[k] << 3 | state.bit
                p = u64(state.guess_trust[k, slot] + _HALF)
                odds = STRETCH[p >> u64(PROBABILITY_BITS - STRETCH_BITS)]
                state.inputs[first + k] = odds if _bit(state, k) else i32(-odds)
                state.guess_slots[k] = slot

    return predict


@for_each_size
def learn(size: Size) -> Callable[[State, int], None]:
    @compiled
    def learn(state: State, bit: int) -> None:
        """Learn which guesses were right."""
        for k in range(size.guesses):
            slot = state.guess_slots[k]
            if slot >= 0:
                goal = _HALF - 1 if _bit(state, k) == bit else -_HALF
                count = i64(state.guess_count[k, slot])
                p = i64(state.guess_trust[k, slot])
                state.guess_trust[k, slot] = i32(p + ((goal - p) * i64(RATES[u64(count)]) >> 14))
                state.guess_count[k, slot] = min(count + 1, MOST)

    return learn
