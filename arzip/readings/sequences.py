"""Sequences: DNA and RNA in FASTA and FASTQ, by the bases before, in both directions.

Bases are numbers, A 0, C 1, G 2, T and U 3, so that 3 - x is the complement of x. The other strand
has the complements in reverse order. So each base teaches twice: x[t] came after the k bases before
it; and on the other strand 3 - x[t-k] came after 3 - x[t], 3 - x[t-1] .. 3 - x[t-k+1]. Tables count
which base came after k others, for two k; two pointers follow the last place where the last 20
bases stood, one forwards, and one on the other strand, backwards.

A line is a name (it begins with > or @), bases, a + or qualities. Qualities go by the ones before
them, names by the last name.
"""

import numpy as np
from numpy.typing import NDArray

from arzip.engine.compiled import compiled, i32, i64, u16, u64
from arzip.readings.guesses import NONE, guess
from arzip.readings.numerals import is_digit
from arzip.readings.past import byte_at, hash_pair, ones
from arzip.readings.reading import Field, Found, Reading, State
from arzip.readings.values import CASES
from arzip.readings.windows import stretches

__all__ = ["READING"]

_CONTEXTS = 20
_ORDERS = (6, 7, 8, 9, 10, 11, 12, 13, 14, 16, 18, 20, 22, 24)  # bases of the contexts from 6 on
_SHORT, _LONG = 10, 16  # bases whose followers are counted
_LONG_BITS = 20  # of the table of the longer ones, hashed
_SHORT_WEIGHT, _LONG_WEIGHT, _PRIOR = 32, 320, 16  # of a count; of each base before any
_SEED, _PLACES_BITS = 20, 19  # bases by which the pointers start
_MOST_DIGITS = 7
_LOST = 8  # of the last 16 bases were not as a pointer expected: it is given up

_BASES = np.full(256, 4, dtype=np.uint8)
for _number, _both in enumerate((b"Aa", b"Cc", b"Gg", b"TtUu")):
    _BASES[list(_both)] = _number
"""The number of each byte's base; 4 if it is none."""

_CODES = np.frombuffer(b"ACGT", dtype=np.uint8).astype(np.int64)
_LETTERS = b"ACGTUNacgtun."  # of bases, and of one that is not known

_NAME, _SEQUENCE, _PLUS, _QUALITIES = range(4)  # kinds of lines

_WINDOW, _LOOK = 1 << 14, 1 << 11  # bytes that are of one kind; of each that are looked at first
_SHARE, _FEW = 0.35, 0.05  # of bases there; of lines that are neither these nor names
_LEAST = 1 << 10  # bytes
_AT_ENDS = 4  # lines of which the rest is in other windows

FIELDS: tuple[Field, ...] = (
    ("line_kind", np.int64),
    ("has_qualities", np.int64),  # whether the last name began with @
    ("row_start", np.int64),
    ("row_of", np.int64, 4),  # where the last line of each kind starts,
    ("row_size", np.int64, 4),  # and how long it was
    ("bases", np.uint64, 2),  # the last 32: these, and the other strand's, the last one highest
    ("bases_seen", np.int64),  # since something else
    ("short_counts", np.uint16, 4**_SHORT),  # of each base 4 bits
    ("long_counts", np.uint16, 1 << _LONG_BITS),
    ("base_places", np.int32, 1 << _PLACES_BITS),  # behind the last bases
    ("strands", np.int64, 2),  # the base that each pointer has come to; 0: none
    ("strand_errors", np.int64, 2),  # a bit for each of the last 16: 1 if it was another
    ("base_case", np.int64),  # 32 if bases are small letters
    ("name_part", np.int64),  # the number of the part of a name, between marks and spaces
    ("name_start", np.int64),  # where it starts
    ("name_pointer", np.int64),  # what stood here in the last name; 0: nothing
    ("name_differs", np.int64),  # 1 once this part is another one
    ("quality_steps", np.int64),  # how far apart neighbours were in this line, in all
)


def _find(data: NDArray[np.uint8]) -> list[Found]:
    """Return the windows in which lines are as in FASTA or FASTQ."""
    if data.size < _LEAST:
        return []
    count = max(data.size // _WINDOW, 1)
    starts = [k * _WINDOW for k in range(count)]
    are_so = [_are_sequences(data[start : start + _WINDOW]) for start in starts]
    found = stretches(np.array(are_so), _WINDOW, data.size) if any(are_so) else []
    return [(start, end - start, ()) for start, end in found]


def _are_sequences(window: NDArray[np.uint8]) -> bool:
    """Return whether nearly all lines are bases or names, or between two as long there is a +."""
    first = window[:_LOOK]
    if np.count_nonzero(_BASES[first] < 4) <= _SHARE * first.size:
        return False
    lines = window.tobytes().split(b"\n")
    if len(lines) > 2:
        lines = lines[1:-1]  # whole ones
    are_bases = [len(line.translate(None, _LETTERS)) * 20 < len(line) for line in lines]
    is_known = [
        bases or line[:1] in (b"", b">", b"@") for bases, line in zip(are_bases, lines, strict=True)
    ]
    for k in range(1, len(lines) - 1):
        if lines[k][:1] == b"+" and are_bases[k - 1] and len(lines[k - 1]) == len(lines[k + 1]):
            is_known[k] = is_known[k + 1] = True
    others = len(lines) - sum(is_known)
    return any(are_bases) and others <= max(_FEW * len(lines), min(_AT_ENDS, len(lines) // 4))


@compiled
def _go_on(state: State, data: NDArray[np.uint8]) -> None:
    """Take in the last byte."""
    byte, column = i64(state.history & u64(0xFF)), state.position - 1 - state.row_start
    kind = state.line_kind
    if byte == 10:
        _end_line(state, column)
        return
    if column == 0:
        _begin_line(state, byte)
        kind = state.line_kind
    if kind == _SEQUENCE:
        _read_base(state, data, byte)
    elif kind == _NAME:
        _read_name(state, data, byte)
    elif kind == _QUALITIES and column > 0:
        before = i64(state.history >> u64(8) & u64(0xFF))
        state.quality_steps += abs(byte - before)


@compiled
def _end_line(state: State, column: int) -> None:
    """Expect a kind of line."""
    kind = state.line_kind
    state.row_of[kind], state.row_size[kind] = state.row_start, column
    state.row_start = state.position
    if kind == _SEQUENCE:
        state.line_kind = _PLUS if state.has_qualities else _SEQUENCE
    else:
        state.line_kind = (kind + 1) & 3
    state.quality_steps = 0
    state.name_part = state.name_differs = 0
    state.name_start = state.position
    state.name_pointer = state.row_of[_NAME]


@compiled
def _begin_line(state: State, byte: int) -> None:
    """See by its first byte what kind of line it is."""
    kind = state.line_kind
    if kind != _QUALITIES and (byte == 62 or byte == 64):  # > @
        state.line_kind = _NAME
        state.has_qualities = i64(byte == 64)
    elif kind == _NAME or (kind == _PLUS and byte != 43):  # +
        state.line_kind = _SEQUENCE
    if state.line_kind == _NAME:
        state.name_pointer = state.row_of[_NAME]


@compiled
def _read_base(state: State, data: NDArray[np.uint8], byte: int) -> None:
    """Count the base on both strands, and take the pointers along."""
    if byte == 13:
        return
    base = i64(_BASES[byte])
    state.base_case = byte & 32
    if base > 3:
        state.bases_seen = 0
        return
    here, there = state.bases[0], state.bases[1]
    state.bases_seen += 1
    state.bases[0] = here << u64(2) | u64(base)
    state.bases[1] = there >> u64(2) | u64(3 - base) << u64(62)
    _count(state.short_counts, _short(here), base, False)
    _count(state.long_counts, _long(here), base, True)
    if state.bases_seen > _LONG:
        now, other = state.bases[0], state.bases[1]
        gone = 3 - i64(now >> u64(2 * _SHORT) & u64(3))
        _count(state.short_counts, _short(other >> u64(64 - 2 * _SHORT)), gone, False)
        gone = 3 - i64(now >> u64(2 * _LONG) & u64(3))
        _count(state.long_counts, _long(other >> u64(64 - 2 * _LONG)), gone, True)
    for k in range(2):
        _follow(state, data, k, base)
    if state.bases_seen >= _SEED:
        _start(state, data)


@compiled
def _short(bases: int) -> int:
    place: int = bases & u64((1 << (2 * _SHORT)) - 1)
    return place


@compiled
def _long(bases: int) -> int:
    last = bases & u64((1 << (2 * _LONG)) - 1)
    place: int = (last * u64(0x9E3779B97F4A7C15)) >> u64(64 - _LONG_BITS)
    return place


@compiled
def _count(counts: NDArray[np.uint16], place: int, base: int, forgets: bool) -> None:
    """Count a base. What forgets halves the counts of the others."""
    now, shift = i64(counts[place]), 4 * base
    mine = now >> shift & 15
    if forgets or mine == 15:
        halved = now >> 1 & 0x7777
        now = (halved & ~(15 << shift)) | (mine << shift if forgets else (mine >> 1) << shift)
    if now >> shift & 15 < 15:
        now += 1 << shift
    counts[place] = u16(now)


@compiled
def _step(data: NDArray[np.uint8], place: int, end: int, way: int) -> int:
    """Return the place of the next base, to the right or left; 0 if there is none."""
    place += way
    for _ in range(2):
        if 0 < place < end and (data[place] == 10 or data[place] == 13):
            place += way
    return place if 0 < place < end and _BASES[data[place]] < 4 else 0


@compiled
def _follow(state: State, data: NDArray[np.uint8], k: int, base: int) -> None:
    """Take a pointer along: the first one to the right, the second one to the left."""
    place = state.strands[k]
    if place == 0:
        return
    expected = i64(_BASES[data[place]])
    expected = 3 - expected if k == 1 else expected
    errors = (state.strand_errors[k] << 1 | i64(expected != base)) & 0xFFFF
    state.strand_errors[k] = errors
    place = _step(data, place, state.position, 1 if k == 0 else -1)
    state.strands[k] = place if ones(errors) < _LOST else 0


@compiled
def _start(state: State, data: NDArray[np.uint8]) -> None:
    """Start pointers that have none at the place where the last bases stood; note this place."""
    mask = u64((1 << (2 * _SEED)) - 1)
    here = state.bases[0] & mask
    if state.strands[0] == 0:
        end = i64(state.base_places[_seed(here)])
        if _behind(data, end, here) > 0:
            state.strands[0] = _step(data, end - 1, state.position, 1)
            state.strand_errors[0] = 0
    if state.strands[1] == 0:
        other = state.bases[1] >> u64(64 - 2 * _SEED)
        place = _behind(data, i64(state.base_places[_seed(other)]), other)
        if place > 0:
            state.strands[1] = _step(data, place, state.position, -1)
            state.strand_errors[1] = 0
    state.base_places[_seed(here)] = i32(state.position)


@compiled
def _seed(bases: int) -> int:
    place: int = (bases * u64(0x9E3779B97F4A7C15)) >> u64(64 - _PLACES_BITS)
    return place


@compiled
def _behind(data: NDArray[np.uint8], end: int, bases: int) -> int:
    """Return where the bases that end before a place start; 0 if others stand there."""
    place = end
    for k in range(_SEED):
        if place > 0:
            place = _step(data, place, end + 1, -1)
            if place > 0 and u64(_BASES[data[place]]) != bases >> u64(2 * k) & u64(3):
                place = 0
    return place


@compiled
def _read_name(state: State, data: NDArray[np.uint8], byte: int) -> None:
    """Go along the last name, part by part."""
    pointer = state.name_pointer
    is_end = not _is_in_part(byte)
    if is_end:
        state.name_part += 1
        state.name_start = state.position
        state.name_differs = 0
        while pointer > 0 and pointer < state.row_start and _is_in_part(i64(data[pointer])):
            pointer += 1
        state.name_pointer = pointer + 1 if 0 < pointer < state.row_start else 0
    elif pointer > 0 and _is_in_part(i64(data[pointer])):
        if i64(data[pointer]) != byte:
            state.name_differs = 1
        state.name_pointer = pointer + 1


@compiled
def _is_in_part(byte: int) -> bool:
    is_in: bool = is_digit(byte) or 65 <= byte <= 90 or 97 <= byte <= 122
    return is_in


@compiled
def _fill(sums: NDArray[np.int32], counts: int, weight: int, before: int) -> None:
    """Make a histogram of four counts."""
    a = i32((counts & 15) * weight + before)
    c = i32((counts >> 4 & 15) * weight + before)
    g = i32((counts >> 8 & 15) * weight + before)
    t = i32((counts >> 12 & 15) * weight + before)
    zero = i32(0)
    for i in range(257):
        sums[i] = (a if i > 65 else zero) + (c if i > 67 else zero) + (g if i > 71 else zero)
        sums[i] += t if i > 84 else zero


@compiled
def _set_contexts(state: State, data: NDArray[np.uint8]) -> None:
    if state.position > 0:
        _go_on(state, data)
    kind, column = state.line_kind, state.position - state.row_start
    is_at_end = column == state.row_size[kind]
    for k in range(2):
        state.residual_case[k] = CASES - 2 + k
        state.residual_of[k] = state.base_case
        guess(state, k, NONE, 0)
    state.phases[0] = kind << 6 | i64(is_at_end) << 5 | state.base_case >> 1 | min(column, 15)
    if kind == _SEQUENCE:
        _expect_base(state, data, column, is_at_end)
    else:
        if column == 0 or state.position == state.span_start:  # no base is expected any more
            for k in range(2):
                _fill(state.residual_sums[CASES - 2 + k], 0, 0, 0)
        if kind == _QUALITIES:
            _expect_quality(state, data, column)
        else:
            _expect_name(state, data, column)
    for k in range(6, _CONTEXTS):
        state.hashes[k] = hash_pair(state.hashes[k], u64(kind))


@compiled
def _expect_base(state: State, data: NDArray[np.uint8], column: int, is_at_end: bool) -> None:
    bases, case, hashes = state.bases[0], state.base_case, state.hashes
    end = u64(is_at_end) | u64(case) | u64(state.bases_seen == 0) << u64(1)
    for k in range(_CONTEXTS - 6):
        order = u64(2 * _ORDERS[k])
        hashes[6 + k] = hash_pair(bases & ((u64(1) << order) - u64(1)), end)
    short, long = i64(state.short_counts[_short(bases)]), i64(state.long_counts[_long(bases)])
    _fill(state.residual_sums[CASES - 2], short, _SHORT_WEIGHT, _PRIOR)
    _fill(state.residual_sums[CASES - 1], long, _LONG_WEIGHT, _PRIOR)
    state.phases[1] = 0
    for k in range(2):
        place, errors = state.strands[k], state.strand_errors[k]
        wrong = min(ones(errors), 7)
        state.phases[1] = state.phases[1] << 4 | (wrong + 1 if place > 0 else 0)
        if place > 0 and not is_at_end:
            base = i64(_BASES[data[place]])
            letter = _CODES[3 - base if k == 1 else base] + case
            guess(state, k, letter, wrong << 5 | (errors & 31))
    most = total = 0
    for k in range(4):
        count = long >> (4 * k) & 15
        most, total = max(most, count), total + count
    state.phases[2] = min(most, 7) << 3 | min(total - most, 7) | 64 * i64(bases & u64(3))
    state.calibrated[0] = bases & u64(0xFF)
    state.calibrated[1] = bases & u64(0xFFFF)


@compiled
def _expect_quality(state: State, data: NDArray[np.uint8], column: int) -> None:
    history, hashes = state.history, state.hashes
    if column < 8:
        history &= (u64(1) << u64(8 * column)) - u64(1)
    one, two = history & u64(0xFF), history >> u64(8) & u64(0xFF)
    three, four = history >> u64(16) & u64(0xFF), history >> u64(24) & u64(0xFF)
    place = state.row_of[_SEQUENCE] + column
    base = byte_at(data, place)
    before = byte_at(data, place - 1)
    above = byte_at(data, state.row_of[_QUALITIES] + column)
    steps = u64(min(state.quality_steps >> 3, 31))
    most = max(two, three)
    at = u64(min(column, 255))
    hashes[6] = one | most << u64(8) | steps << u64(16)
    hashes[7] = one | at << u64(8)
    hashes[8] = one | two << u64(8) | (at >> u64(3)) << u64(16)
    hashes[9] = one | most << u64(8) | (at >> u64(2)) << u64(16)
    hashes[10] = one | two << u64(8) | u64(three == four) << u64(16) | u64(three >= two) << u64(17)
    hashes[11] = at | (steps >> u64(1)) << u64(8) | one << u64(16)
    hashes[12] = one | two << u64(8) | base << u64(16)
    hashes[13] = one | base << u64(8) | before << u64(16) | (at >> u64(4)) << u64(24)
    hashes[14] = two | three << u64(8) | four << u64(16)
    hashes[15] = one | two << u64(8) | steps << u64(16)
    hashes[16] = above | one << u64(8)
    hashes[17] = above | at << u64(8)
    hashes[18] = one | two << u64(8) | max(three, four) << u64(16)
    hashes[19] = base | one << u64(8) | steps << u64(16)
    state.phases[1] = i64(steps << u64(3)) | min(i64(abs(i64(one) - i64(two))), 7)
    state.phases[2] = i64(one)
    state.calibrated[0] = one
    state.calibrated[1] = one | two << u64(8)


@compiled
def _expect_name(state: State, data: NDArray[np.uint8], column: int) -> None:
    history, hashes = state.history, state.hashes
    last = history & u64(0xFF)
    pointer, differs, part = state.name_pointer, state.name_differs, u64(state.name_part)
    there, next_one, digits = u64(NONE), u64(NONE), 0
    if pointer > 0 and state.line_kind == _NAME:
        there = u64(data[pointer])
        if pointer + 1 < state.position:
            next_one = u64(data[pointer + 1])
        while (
            digits < _MOST_DIGITS
            and pointer + digits < state.position
            and is_digit(data[pointer + digits])
        ):
            digits += 1
        guess(state, 0, i64(there), 512 | digits << 1 | differs | i64(part & u64(15)) << 5)
    expected = there | u64(differs) << u64(10) | part << u64(12)
    hashes[6] = expected
    hashes[7] = expected | u64(digits) << u64(24)
    hashes[8] = expected | last << u64(24)
    hashes[9] = expected | next_one << u64(32) | u64(digits) << u64(24)
    hashes[10] = hash_pair(state.word[0], last)
    hashes[11] = hash_pair(part, state.shape & u64(0xFFFFFF))
    hashes[12] = part | u64(min(column, 255)) << u64(16)
    hashes[13] = history & u64(0xFFFFFFFFFF)
    hashes[14] = history & u64(0xFFFFFFFFFFFF)
    hashes[15] = history
    hashes[16] = hash_pair(state.word[0], state.word[1])
    hashes[17] = hash_pair(there, history & u64(0xFFFF))
    hashes[18] = part | u64(state.position - state.name_start) << u64(8) | last << u64(32)
    hashes[19] = hash_pair(part, history & u64(0xFFFF))
    state.phases[1] = min(i64(part), 7) << 5 | digits << 1 | differs
    state.phases[2] = i64(there & u64(0xFF))


READING = Reading(
    name="sequences",
    contexts=_CONTEXTS,
    phases=3,
    find=_find,
    fields=FIELDS,
    set_contexts=_set_contexts,
    histograms=2,
    guesses=2,
)
