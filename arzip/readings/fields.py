"""Text in fields: logs, tables, JSON, XML, code. Read by what stood in the same place before.

A token is a run of letters, digits and the like; all other bytes are separators, each by itself. A
place is known in two ways. One is by the separators of the line up to there, or by the label before
it: the word before a colon or an equals sign, or a tag; within braces also by the labels before
these, so that a name in one object is not that in another. The other is by the line up to there
without its digits, its template. At each token two pointers start where one stood last in the same
place, and go along: the byte there is expected, and how that went of late says how much to trust
it. Of numbers one also tells how many digits are to come, and after the first one that differs, by
how much; and numerals.py what they are likely to be.

The contexts are those of text, and these.
"""

import numpy as np
from numpy.typing import NDArray

from arzip.engine.compiled import compiled, i64, u64
from arzip.readings import breadth, cells, echoes, numerals
from arzip.readings.guesses import NONE, guess
from arzip.readings.numerals import PLACES, is_digit, slot_of
from arzip.readings.past import hash_pair
from arzip.readings.reading import Field, Found, Reading, State
from arzip.readings.text import observe_line, set_line_contexts, stretches_of_text

__all__ = ["READING"]

_MOST_DIGITS = 20
_DEEPEST = 31  # braces further inside are all alike

_LEAST = 1 << 10  # bytes, or to say so costs more than it saves
_SHARE = 0.12  # of no letters, spaces or full stops: from 2 % in prose to 50 % in logs
_OTHER = np.ones(256, dtype=bool)
_OTHER[[32, 39, 44, 46, *range(65, 91), *range(97, 123), *range(128, 256)]] = False

FIELDS: tuple[Field, ...] = (
    *numerals.FIELDS,
    *cells.FIELDS,
    *echoes.FIELDS,
    ("separators", np.uint64),  # a hash of the line's
    ("label", np.uint64),
    ("depth", np.int64),  # of braces
    ("around", np.uint64, _DEEPEST + 1),  # for each depth, a hash of the labels before its braces
    ("template", np.uint64),  # a hash of the line without its digits
    ("template_before", np.uint64),  # that of the line before
    ("paths", np.uint64, 2),  # hashes of where the token is
    ("token", np.uint64),  # a hash of its bytes so far
    ("token_before", np.uint64),
    ("token_before_that", np.uint64),
    ("surprise", np.uint64),  # the last token that was not the one expected
    ("surprises", np.uint64),  # a hash of all of those in the line
    ("tokens", np.int64),  # in the line
    ("pointers", np.int64, 2),  # the byte that is expected; 0: none is
    ("agreed", np.int64, 2),  # bytes of the token
    ("moved", np.int64, 2),  # 0: all agreed; else 1, 2, 3 by how the first one that did not differs
    ("digits", np.int64),  # to come, where the first pointer is
    ("token_places", np.int64, (2, PLACES)),  # where a token stood last
    ("token_trust", np.int64, (2, PLACES)),  # whether all of the last ones agreed, a bit each
)

_TOKEN = np.zeros(256, dtype=np.int64)
_TOKEN[[95, *range(48, 58), *range(65, 91), *range(97, 123), *range(128, 256)]] = 1


@compiled
def _go_on(state: State, data: NDArray[np.uint8]) -> None:
    """Take in the last byte."""
    last = i64(state.history & u64(0xFF))
    before = i64(state.history >> u64(8) & u64(0xFF))
    if not is_digit(last):
        state.template = hash_pair(state.template, u64(last))
    if _TOKEN[last]:
        state.token = hash_pair(state.token, u64(last))
        _follow(state, data, last)
        numerals.read(state, last)
        return
    if state.token != u64(0):
        _end_token(state, data)
        if last == 61 or last == 62 or (last == 58 and not is_digit(before)):  # = > :
            state.label = state.token
    if before == 34 and last == 58:  # ":
        state.label = state.token_before
    if last == 123:  # {
        if state.depth < _DEEPEST:
            state.around[state.depth + 1] = hash_pair(state.around[state.depth], state.label)
        state.depth += 1
        state.label = u64(0)
    elif last == 125:  # }
        state.depth = max(state.depth - 1, 0)
    if last == 10:
        state.separators = state.label = state.surprises = u64(0)
        state.template_before, state.template = state.template, u64(0)
        state.tokens = 0
    elif last != before:
        state.separators = hash_pair(state.separators, u64(last))
    state.token = u64(0)
    known = hash_pair(state.label, u64(last)) if state.label else state.separators
    if state.depth > 0:
        around = state.around[min(state.depth, _DEEPEST)]
        known = hash_pair(hash_pair(state.label, u64(last)), around)
    state.paths[0] = hash_pair(known, u64(1))
    state.paths[1] = hash_pair(state.template, u64(2))
    _point(state, data)


@compiled
def _end_token(state: State, data: NDArray[np.uint8]) -> None:
    """Remember the token, and whether it was the one that each pointer expected."""
    for k in range(2):
        slot, pointer = slot_of(state.paths[k]), state.pointers[k]
        was_right = pointer > 0 and state.moved[k] == 0 and not _TOKEN[data[pointer]]
        state.token_trust[k, slot] = (state.token_trust[k, slot] << 1 | i64(was_right)) & 7
        if k == 0 and not was_right:
            state.surprise = state.token
            state.surprises = hash_pair(state.surprises, state.token)
    numerals.keep(state, slot_of(state.paths[0]))
    state.token_before_that = state.token_before
    state.token_before = state.token
    state.tokens += 1


@compiled
def _point(state: State, data: NDArray[np.uint8]) -> None:
    """Begin to follow what stood in this place last, which is now here."""
    for k in range(2):
        slot = slot_of(state.paths[k])
        state.pointers[k] = state.token_places[k, slot]
        state.token_places[k, slot] = state.position
        state.agreed[k] = state.moved[k] = 0
    numerals.begin(state, slot_of(state.paths[0]))
    state.digits = 0
    pointer = state.pointers[0]
    if pointer > 0:
        while (
            state.digits < _MOST_DIGITS
            and pointer + state.digits < state.position
            and is_digit(data[pointer + state.digits])
        ):
            state.digits += 1


@compiled
def _follow(state: State, data: NDArray[np.uint8], last: int) -> None:
    """Take the pointers along, which stay at the end of a token that was shorter."""
    for k in range(2):
        pointer = state.pointers[k]
        if pointer == 0:
            continue
        there = i64(data[pointer])
        if not _TOKEN[there]:
            state.moved[k] = max(state.moved[k], 1)
            continue
        if there == last:
            state.agreed[k] += 1
        elif state.moved[k] == 0:
            state.moved[k] = 1 if last == there + 1 else 2 if last > there else 3
        state.pointers[k] = pointer + 1 if pointer + 1 < state.position else 0
        if k == 0:
            state.digits = max(0, state.digits - 1)


@compiled
def _set_contexts(state: State, data: NDArray[np.uint8]) -> None:
    set_line_contexts(state, data)
    if state.position > 0:
        _go_on(state, data)
        last_byte = i64(state.history & u64(0xFF))
        cells.read(state, last_byte)
        echoes.read(state, data, last_byte, _TOKEN[last_byte])
    history, token, place, hashes = state.history, state.token, state.paths[0], state.hashes
    last = history & u64(0xFF)
    expected = next_one = again = echo = u64(NONE)
    if state.pointers[0] > 0:
        expected = u64(data[state.pointers[0]])
        if state.pointers[0] + 1 < state.position:
            next_one = u64(data[state.pointers[0] + 1])
    if state.pointers[1] > 0:
        again = u64(data[state.pointers[1]])
    if state.echo > 0:
        echo = u64(data[state.echo])
    echo_case, cell = echoes.case(state), u64(state.cell_number)
    hashes[19] = echo | u64(echo_case) << u64(9) | last << u64(18)
    hashes[20] = expected | last << u64(9) | next_one << u64(18)
    hashes[21] = hash_pair(place, token)
    hashes[22] = hash_pair(state.label, token)
    hashes[23] = hash_pair(expected, token)
    hashes[24] = hash_pair(cell, token)
    hashes[25] = hash_pair(state.token_before, token)
    hashes[26] = hash_pair(hash_pair(state.token_before, state.token_before_that), token)
    hashes[27] = hash_pair(place, history & u64(0xFFFF))
    hashes[28] = hash_pair(state.separators, last)
    hashes[29] = history << u64(8)
    hashes[30] = hash_pair(u64(state.tokens), state.shape & u64(0xFFFFFFFF))
    hashes[31] = history & u64(0xFFFF00) | expected << u64(32)
    hashes[32] = hash_pair(hash_pair(state.surprise, place), token)
    hashes[33] = hash_pair(hash_pair(state.surprises, place), token)
    hashes[34] = hash_pair(state.template, token)
    digit, width = numerals.digit(state), numerals.to_come(state)
    numeral, luck = digit | state.numeral_moved << 4, state.numeral_trust[slot_of(place)]
    hashes[35] = u64(numeral | luck << 6 | width << 9)
    hashes[36] = hash_pair(hash_pair(state.template_before, state.separators), token)
    hashes[37] = hash_pair(cell, state.cell)
    hashes[38] = hash_pair(cell, history & u64(0xFFFF))
    for k in range(2):
        case = min(state.agreed[k], 7) | state.moved[k] << 3
        case |= state.token_trust[k, slot_of(state.paths[k])] << 5
        case |= min(state.digits, 3) << 8 if k == 0 else 0
        guess(state, k, i64(again if k else expected), case)
    guess(state, 2, i64(echo), echo_case)
    is_expected = digit < 10 and state.numeral_moved == 0
    case = luck | min(max(state.numeral_digits, 0), 7) << 3 | min(width, 15) << 6
    guess(state, 3, 48 + digit if is_expected else NONE, case)
    state.phases[1] = min(state.tokens, 31) << 3
    state.phases[2] = i64(expected & u64(0xFF))
    state.phases[3] = min(state.cell_number, 255)
    state.phases[4] = numeral | min(max(state.numeral_digits + 1, 0), 2) << 6
    if digit == 10 and state.echo > 0:
        state.phases[4] = 192 | min(state.echo_agreed, 3) | (echo_case >> 3 & 15) << 2


def _find(data: NDArray[np.uint8]) -> list[Found]:
    """Return the stretches of text of which much is neither letters nor the marks of prose."""
    return [
        (start, size, ())
        for start, size, _ in stretches_of_text(data)
        if size >= _LEAST and _OTHER[data[start : start + size]].mean() > _SHARE
    ]


READING = Reading(
    name="fields",
    contexts=39,
    phases=5,
    find=_find,
    fields=FIELDS,
    observe=observe_line,
    set_contexts=_set_contexts,
    set_more=breadth.set_more_of_text,
    guesses=4,
    with_network=True,
    wide=True,
)
