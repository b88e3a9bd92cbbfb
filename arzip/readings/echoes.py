"""Echoes: what a record says twice, such as a name that comes again in an address.

A token may be the same as an earlier one, its source. Which one that is is expected in three ways:
as far behind the source of the token before as the last time that these bytes stood between both;
the token that is number so many of the line, as in this place before; or so many tokens back, as in
this place before. The way that was right of late is followed, byte by byte. Where none leads
anywhere, or the byte is another one, it is the last token that begins with the same letters that is
followed. Capitals count as small letters.
"""

import numpy as np
from numpy.typing import NDArray

from arzip.engine.compiled import compiled, i64, u64
from arzip.readings.numerals import PLACES, slot_of
from arzip.readings.past import hash_pair
from arzip.readings.reading import Field, State

__all__ = ["FIELDS", "case", "read"]

_RECENT = 64  # tokens that may be sources
_WAYS = 3
_LONGEST_LOOK = 4  # letters that a token is looked for by

FIELDS: tuple[Field, ...] = (
    ("echo", np.int64),  # where the byte is that is expected; 0: none is
    ("echo_agreed", np.int64),  # bytes of the token that were as expected
    ("echo_wrong", np.int64),  # 1 if one was not
    ("echo_used", np.int64),  # the way that is followed
    ("echo_token", np.uint64),  # a hash of the token so far, in small letters
    ("echo_start", np.int64),  # where it began
    ("echo_length", np.int64),  # its bytes
    ("echo_back", np.int64),  # how many tokens back the next one is to look at
    ("echo_source", np.int64),  # the number of the last token's source; -1: it has none
    ("echo_behind", np.int64),  # the byte behind that
    ("echo_slots", np.int64, _WAYS),  # where it is kept how to find a source
    ("echo_numbers", np.int64, _WAYS),  # which token each way expects; -1: none
    ("echo_sources", np.int64, (_WAYS, PLACES)),  # how to find it, and _RECENT; 0: unknown
    ("echo_trust", np.int64, (_WAYS, PLACES)),  # whether that was right of late, a bit each
    ("recent_hashes", np.uint64, _RECENT),  # of the last tokens, by their number
    ("recent_starts", np.int64, _RECENT),  # where they begin
    ("recent_count", np.int64),  # of all tokens
    ("recent_line", np.int64),  # of those before this line
)


@compiled
def case(state: State) -> int:
    """Return how far to trust the byte that is expected, as one of 512 cases."""
    used = state.echo_used
    trust = state.echo_trust[used, state.echo_slots[used]]
    found: int = min(state.echo_agreed, 7) | state.echo_wrong << 3 | trust << 4 | used << 7
    return found


@compiled
def read(state: State, data: NDArray[np.uint8], last: int, in_token: int) -> None:
    """Take in the last byte, which is part of a token or not."""
    if in_token and not _is_mark(state.history):
        _follow(state, data, last)
        return
    if state.echo_length > 0:
        _keep(state, data)
    if last == 10:
        state.recent_line = state.recent_count
    _begin(state, last)


@compiled
def _is_mark(history: int) -> bool:
    """Return whether the last byte is one of U+2000 to U+2FFF in UTF-8: dashes, curly quotes."""
    last, lead = history & u64(0xFF), u64(0xE2)
    one, two = history >> u64(8) & u64(0xFF), history >> u64(16) & u64(0xFF)
    is_mark: bool = last >= u64(128) and (last == lead or one == lead or two == lead)
    return is_mark


@compiled
def _small(byte: int) -> int:
    small: int = byte | 32 if 65 <= byte <= 90 else byte
    return small


@compiled
def _begin(state: State, last: int) -> None:
    """Begin a token: choose what to follow."""
    state.echo_slots[0] = slot_of(hash_pair(u64(last), u64(state.echo_behind)))
    state.echo_slots[1] = state.echo_slots[2] = slot_of(state.paths[0])
    state.echo = state.echo_agreed = state.echo_wrong = state.echo_length = state.echo_used = 0
    state.echo_token = u64(0)
    state.echo_back = 1
    state.echo_start = state.position
    most = -1
    for way in range(_WAYS):
        number = _expected(state, way)
        state.echo_numbers[way] = number
        trust = state.echo_trust[way, state.echo_slots[way]] & 3
        if number >= 0 and trust > most:
            most = trust
            state.echo_used = way
            state.echo = state.recent_starts[number % _RECENT]


@compiled
def _expected(state: State, way: int) -> int:
    """Return the number of the token that is expected in some way, -1 if none is."""
    kept = state.echo_sources[way, state.echo_slots[way]]
    distance = kept - _RECENT
    number: int = -1
    if way == 0:
        if state.echo_source >= 0:
            number = state.echo_source + (distance if kept > 0 else 1)
    elif kept > 0:
        number = state.recent_line + distance if way == 1 else state.recent_count - distance
    known = max(state.recent_count - _RECENT, 0) <= number < state.recent_count
    return number if known else -1


@compiled
def _follow(state: State, data: NDArray[np.uint8], last: int) -> None:
    """Take in a byte of the token."""
    small = _small(last)
    state.echo_token = hash_pair(state.echo_token, u64(small))
    state.echo_length += 1
    if state.echo > 0:
        if _small(i64(data[state.echo])) == small:
            state.echo_agreed += 1
            state.echo += 1
        else:
            state.echo = state.echo_agreed = 0
            state.echo_wrong = 1
    if state.echo == 0 and state.echo_length <= _LONGEST_LOOK:
        _look_for(state, data)


@compiled
def _look_for(state: State, data: NDArray[np.uint8]) -> None:
    """Follow the last token that begins as this one does: none that was passed over before."""
    length, here = state.echo_length, state.echo_start
    while state.echo_back <= min(state.recent_count, _RECENT):
        start = state.recent_starts[(state.recent_count - state.echo_back) % _RECENT]
        state.echo_back += 1
        k = 0
        while k < length and _small(i64(data[start + k])) == _small(i64(data[here + k])):
            k += 1
        if k == length and start + k < here:
            state.echo = start + k
            return


@compiled
def _keep(state: State, data: NDArray[np.uint8]) -> None:
    """Remember the token that ended, and where its source was."""
    source = _source_of(state)
    if source >= 0:
        distance = source - state.echo_source
        if state.echo_source >= 0 and -_RECENT < distance < _RECENT:
            state.echo_sources[0, state.echo_slots[0]] = distance + _RECENT
        if source >= state.recent_line:
            state.echo_sources[1, state.echo_slots[1]] = source - state.recent_line + _RECENT
        state.echo_sources[2, state.echo_slots[2]] = state.recent_count - source + _RECENT
        state.echo_behind = i64(data[state.recent_starts[source % _RECENT] + state.echo_length])
    state.echo_source = source
    k = state.recent_count % _RECENT
    state.recent_hashes[k] = state.echo_token
    state.recent_starts[k] = state.echo_start
    state.recent_count += 1


@compiled
def _source_of(state: State) -> int:
    """Return the number of the token's source, -1 if it has none; note which ways were right."""
    source: int = -1
    for way in range(_WAYS):
        number, slot = state.echo_numbers[way], state.echo_slots[way]
        if number >= 0:
            was_right = state.recent_hashes[number % _RECENT] == state.echo_token
            state.echo_trust[way, slot] = (state.echo_trust[way, slot] << 1 | i64(was_right)) & 7
            if was_right and (source < 0 or way == state.echo_used):
                source = number
    back = 1
    while source < 0 and back <= min(state.recent_count, _RECENT):
        if state.recent_hashes[(state.recent_count - back) % _RECENT] == state.echo_token:
            source = state.recent_count - back
        back += 1
    return source
