"""The last mixer: one opinion of those of all mixers and calibration maps.

    o = v . (o_0, o_1, ..)        v += rate * (bit - squash(o)) * (o_0, o_1, ..)

Its weights are chosen by the bits so far. What is read broadly has two more last mixers, chosen by
the last byte, and by the match and by how many contexts were seen before; each learns by itself,
and the three are averaged.
"""

from arzip.engine.compiled import compiled, i32, i64, u64
from arzip.models.bits.odds import LIMIT, SQUASH
from arzip.readings import if_broad
from arzip.readings.reading import MORE_CONTEXTS, State

__all__ = ["bounded", "join", "learn", "trust"]

RATE = 4


@compiled
def bounded(odds: int) -> int:
    return min(max(odds, -LIMIT), LIMIT)


@compiled
def trust(state: State) -> int:
    """Return the match as one of four: none, under 16 bytes, up to 79, longer."""
    bucket = state.match_bucket
    trusted: int = i64(bucket > 0) + i64(bucket >= 16) + i64(bucket >= 24)
    return trusted


@compiled
def join(state: State) -> int:
    """Return the log-odds of a 1."""
    state.final_row = state.phases[0] if state.by_bits else state.partial
    odds = 0
    for k in range(2 + state.mixers):
        odds += i64(state.final_weights[state.final_row, k]) * state.odds[k]
    state.joined = state.final_odds = bounded(odds >> 16)
    if_broad(state, _join_more)
    joined: int = state.joined
    return joined


@compiled
def learn(state: State, goal: int) -> None:
    """Learn that the bit was `goal`, in Q22."""
    weights, row, error = state.final_weights, state.final_row, _error(state.final_odds, goal)
    for k in range(2 + state.mixers):
        weights[row, k] = i32(weights[row, k] + _step(state.odds[k], error))
    if_broad(state, _learn_more, goal)


@compiled
def _error(odds: int, goal: int) -> int:
    error: int = (goal - i64(SQUASH[u64(odds + LIMIT)])) >> 6
    return error


@compiled
def _step(odds: int, error: int) -> int:
    return (odds * error * RATE + (1 << 19)) >> 20


@compiled
def _join_more(state: State) -> None:
    """Take the mean with two more mixers, which count half, where it is read broadly."""
    own = state.contexts - MORE_CONTEXTS
    state.more_final_rows[0] = i64(state.history & u64(0xFF))
    state.more_final_rows[1] = trust(state) << 6 | state.bit << 3 | state.hits * 8 // (own + 1)
    total = 2 * state.final_odds
    for j in range(2):
        odds = 0
        for k in range(2 + state.mixers):
            odds += i64(state.more_final[j, state.more_final_rows[j], k]) * state.odds[k]
        state.more_final_odds[j] = bounded(odds >> 16)
        total += state.more_final_odds[j]
    state.joined = total >> 2


@compiled
def _learn_more(state: State, goal: int) -> None:
    for j in range(2):
        row, error = state.more_final_rows[j], _error(state.more_final_odds[j], goal)
        for k in range(2 + state.mixers):
            weight = i64(state.more_final[j, row, k])
            state.more_final[j, row, k] = i32(weight + _step(state.odds[k], error))
