"""Where the last bytes look most alike, and what is expected there."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from arzip.models.bits.state import LAYOUTS
from arzip.readings import alike
from arzip.readings.reading import USUAL

FIRST = 6


def after(data: bytes) -> np.void:
    """Return a state that has read the data, before the next byte."""
    state = np.zeros(1, dtype=LAYOUTS[USUAL])[0]
    array = np.frombuffer(data, dtype=np.uint8)
    for t in range(len(data) + 1):
        state["position"] = t
        state["history"] = int.from_bytes(data[max(0, t - 8) : t])
        if t > 0:
            alike.observe(state, data[t - 1])
        alike.set_contexts(state, array, FIRST)
    return state


def means(data: bytes) -> NDArray[np.int64]:
    """Return u_d, the farthest distance first, by its equation."""
    size = LAYOUTS[USUAL]["unlike"].shape[0]
    found = np.full(size, 64 << 8, dtype=np.int64)
    for t in range(1, len(data)):
        before = np.frombuffer(data[max(0, t - size) : t], dtype=np.uint8).astype(np.int64)
        away = (data[t] - before) % 256
        reached = found[size - before.size :]
        reached += ((np.minimum(away, 256 - away) << 8) - reached) >> 3
    return found


@given(st.binary(max_size=40) | st.binary(min_size=250, max_size=270))
def test_the_means_are_those_of_the_equation(data: bytes) -> None:
    assert (after(data)["unlike"] + (64 << 8)).tolist() == means(data).tolist()


def test_records_with_counters_are_expected_to_go_on() -> None:
    records = [bytes([7, k, 90, 3 * k % 256, 200, 11]) for k in range(40)]
    whole = b"".join(records)
    for t in range(len(whole) - 12, len(whole)):
        state = after(whole[:t])
        like, moved = state["residual_of"][:2]
        assert like == whole[t - 6]
        if t % 6 == 4:  # behind the second counter: what it has moved by is no news
            assert moved == (whole[t - 1] + whole[t - 6] - whole[t - 7]) % 256


def test_a_byte_is_expected_to_move_as_the_last_one_did() -> None:
    """Two numbers, the second always 5 less than the first."""
    rng = np.random.default_rng(3)
    firsts = rng.integers(60, 200, 50).tolist()
    whole = b"".join(bytes([1, 0, a, a - 5, 0, 1]) for a in firsts)
    state = after(whole[:-3])
    assert state["residual_of"][1] == whole[-3]


@given(st.binary(max_size=3))
def test_little_data_is_no_error(data: bytes) -> None:
    state = after(data)
    assert state["residual_case"][0] < 32 <= state["residual_case"][1] < 97


def test_what_is_not_of_the_data_does_not_change_the_contexts() -> None:
    one, other = after(b"abcdefgh" * 40), after(b"abcdefgh" * 40)
    assert one["hashes"].tolist() == other["hashes"].tolist()
    assert len(set(one["hashes"][FIRST : FIRST + alike.CONTEXTS].tolist())) == alike.CONTEXTS
