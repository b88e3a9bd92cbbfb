"""Text in fields: logs, tables, JSON, XML, code. Read by what stood in the same place before.

A token is a run of letters, digits and the like; all other bytes are separators, each by itself. A
place is known by the separators of the line up to there, or by the label before it: the word before
a colon or an equals sign, or a tag. At each token a pointer starts where one stood last in the same
place, and goes along: the byte there is expected, and how that went of late says how much to trust
it. Of numbers it also tells how many digits are to come, and after the first one that differs, by
how much.

The contexts are those of text, and these.
"""

import numpy as np
from numpy.typing import NDArray

from arzip.engine.compiled import compiled, i64, u64
from arzip.readings.past import hash_pair
from arzip.readings.reading import Field, Found, Reading, State
from arzip.readings.text import observe_line, set_line_contexts, stretches_of_text

__all__ = ["READING"]

_PLACES = 1 << 12  # that are remembered
_MOST_DIGITS = 20

_LEAST = 1 << 10  # bytes, or to say so costs more than it saves
_SHARE = 0.12  # of no letters, spaces or full stops: from 2 % in prose to 50 % in logs
_OTHER = np.ones(256, dtype=bool)
_OTHER[[32, 39, 44, 46, *range(65, 91), *range(97, 123), *range(128, 256)]] = False

FIELDS: tuple[Field, ...] = (
    ("separators", np.uint64),  # a hash of the line's
    ("label", np.uint64),
    ("place", np.uint64),  # a hash of where the token is
    ("token", np.uint64),  # a hash of its bytes so far
    ("token_before", np.uint64),
    ("token_before_that", np.uint64),
    ("tokens", np.int64),  # in the line
    ("pointer", np.int64),  # the byte that is expected; 0: none is
    ("agreed", np.int64),  # bytes of the token
    ("moved", np.int64),  # 0: all agreed; else 1, 2, 3 by how the first one that did not differs
    ("digits", np.int64),  # to come, where the pointer is
    ("token_places", np.int64, _PLACES),  # where a token stood last
    ("token_trust", np.int64, _PLACES),  # whether all of the last ones agreed, a bit each
)

_TOKEN = np.zeros(256, dtype=np.int64)
_TOKEN[[95, *range(48, 58), *range(65, 91), *range(97, 123), *range(128, 256)]] = 1


@compiled
def _is_digit(byte: int) -> bool:
    return 48 <= byte <= 57


@compiled
def _slot(place: int) -> int:
    slot: int = i64(place >> u64(52))
    return slot


@compiled
def _go_on(state: State, data: NDArray[np.uint8]) -> None:
    """Take in the last byte."""
    last = i64(state.history & u64(0xFF))
    before = i64(state.history >> u64(8) & u64(0xFF))
    if _TOKEN[last]:
        state.token = hash_pair(state.token, u64(last))
        if state.pointer > 0:
            _follow(state, data, last)
        return
    if state.token != u64(0):
        slot = _slot(state.place)
        whole = state.pointer > 0 and state.moved == 0 and not _TOKEN[data[state.pointer]]
        state.token_trust[slot] = (state.token_trust[slot] << 1 | i64(whole)) & 255
        state.token_before_that = state.token_before
        state.token_before = state.token
        state.tokens += 1
        if last == 61 or last == 62 or (last == 58 and not _is_digit(before)):  # = > :
            state.label = state.token
    if before == 34 and last == 58:  # ":
        state.label = state.token_before
    if last == 10:
        state.separators = u64(0)
        state.label = u64(0)
        state.tokens = 0
    elif last != before:
        state.separators = hash_pair(state.separators, u64(last))
    state.token = u64(0)
    known = hash_pair(state.label, u64(last)) if state.label else state.separators
    state.place = hash_pair(known, u64(1))
    _point(state, data)


@compiled
def _point(state: State, data: NDArray[np.uint8]) -> None:
    """Begin to follow what stood in this place last, which is now here."""
    slot = _slot(state.place)
    state.pointer = state.token_places[slot]
    state.token_places[slot] = state.position
    state.agreed = state.moved = state.digits = 0
    if state.pointer > 0:
        while (
            state.digits < _MOST_DIGITS
            and state.pointer + state.digits < state.position
            and _is_digit(data[state.pointer + state.digits])
        ):
            state.digits += 1


@compiled
def _follow(state: State, data: NDArray[np.uint8], last: int) -> None:
    """Take the pointer along, which stays at the end of a token that was shorter."""
    there = i64(data[state.pointer])
    if not _TOKEN[there]:
        state.moved = max(state.moved, 1)
        return
    if there == last:
        state.agreed += 1
    elif state.moved == 0:
        state.moved = 1 if last == there + 1 else 2 if last > there else 3
    state.pointer += 1
    state.digits = max(0, state.digits - 1)
    if state.pointer >= state.position:
        state.pointer = 0


@compiled
def _set_contexts(state: State, data: NDArray[np.uint8]) -> None:
    set_line_contexts(state, data)
    if state.position > 0:
        _go_on(state, data)
    history, token, place, hashes = state.history, state.token, state.place, state.hashes
    last = history & u64(0xFF)
    expected = next_one = u64(256)
    if state.pointer > 0:
        expected = u64(data[state.pointer])
        if state.pointer + 1 < state.position:
            next_one = u64(data[state.pointer + 1])
    trust = u64(state.token_trust[_slot(place)] & 7)
    went = u64(min(state.agreed, 3)) | u64(state.moved) << u64(2)
    numbers = u64(min(state.digits, 15)) << u64(9) | u64(state.moved) << u64(14)
    hashes[19] = expected | went << u64(9) | trust << u64(16)
    hashes[20] = expected | last << u64(9) | next_one << u64(18)
    hashes[21] = hash_pair(place, token)
    hashes[22] = hash_pair(state.label, token)
    hashes[23] = hash_pair(expected, token)
    hashes[24] = expected | numbers | trust << u64(17) | u64(1) << u64(24)
    hashes[25] = hash_pair(state.token_before, token)
    hashes[26] = hash_pair(hash_pair(state.token_before, state.token_before_that), token)
    hashes[27] = hash_pair(place, history & u64(0xFFFF))
    hashes[28] = hash_pair(state.separators, last)
    hashes[29] = history << u64(8)
    hashes[30] = hash_pair(u64(state.tokens), state.shape & u64(0xFFFFFFFF))
    hashes[31] = history & u64(0xFFFF00) | expected << u64(32)
    state.phases[1] = min(state.tokens, 31) << 3
    state.phases[2] = i64(expected & u64(0xFF))


def _find(data: NDArray[np.uint8]) -> list[Found]:
    """Return the stretches of text of which much is neither letters nor the marks of prose."""
    return [
        (start, size, ())
        for start, size, _ in stretches_of_text(data)
        if size >= _LEAST and _OTHER[data[start : start + size]].mean() > _SHARE
    ]


READING = Reading(
    "fields",
    (),
    (),
    32,
    3,
    _find,
    FIELDS,
    observe_line,
    _set_contexts,
    with_network=True,
    wide=True,
)
