"""The blocks of a deflate stream (RFC 1951): read from bits, and written to bits again.

A stream's bits are taken from each byte's lowest on. A block is taken apart into all that its
encoder chose: the kind, the tokens, how the two codes are told. `write` makes the same bits of it.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from arzip.engine.compiled import compiled, i64, u64
from arzip.unpacking.huffman import canonical

__all__ = [
    "BAD",
    "BYTES",
    "CODES",
    "DISTANCES",
    "DISTANCE_EXTRA",
    "DISTANCE_LEAST",
    "DYNAMIC",
    "FARTHEST",
    "FINAL",
    "FIRST",
    "FIXED",
    "FIXED_LENGTHS",
    "FULL",
    "KIND",
    "LENGTH_EXTRA",
    "LENGTH_LEAST",
    "LITERALS",
    "MOST",
    "ORDER",
    "PADDING",
    "RUNS",
    "STORED",
    "SYMBOLS",
    "TOKENS",
    "Block",
    "bits",
    "block_of",
    "distance_symbol",
    "length_symbol",
    "read",
    "write",
]

STORED, FIXED, DYNAMIC = 0, 1, 2
"""Kinds of block."""
KIND, FINAL, BYTES, TOKENS, FARTHEST, PADDING, RUNS, LITERALS, DISTANCES, CODES = range(10)
"""Of a block: its kind, whether it is the last one, the bytes it stands for, its tokens, their
largest distance, the bits before a stored block's length, the runs that tell its codes; how many
lengths of each code it tells.
"""
FIRST = np.array([0, 288, 320])
"""Where the lengths of the codes for literals, distances and runs begin."""
MOST = np.array([286, 30, 19])
"""Symbols of each."""
SYMBOLS = 339
"""Of all."""
FULL, BAD = -1, -2
"""In place of where a block ends: there is no room for what it stands for; there is no block."""

ORDER = np.array([16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15])
"""In which the lengths of the code for lengths come."""
LENGTH_EXTRA = np.array([0] * 8 + [k // 4 for k in range(4, 24)] + [0])
LENGTH_LEAST = np.append(3 + np.append(0, np.cumsum(1 << LENGTH_EXTRA))[:28], 258)
DISTANCE_EXTRA = np.array([0, 0] + [k // 2 for k in range(28)])
DISTANCE_LEAST = 1 + np.append(0, np.cumsum(1 << DISTANCE_EXTRA))[:30]
FIXED_LENGTHS = np.array([8] * 144 + [9] * 112 + [7] * 24 + [8] * 8 + [5] * 32, dtype=np.uint8)

_MOST_LITERALS, _MOST_DISTANCES = 286, 30
_TABLE = 1 << 15


class Block(NamedTuple):
    """A block, and room to read and write it."""

    about: NDArray[np.int64]  # (10,): KIND ...
    lengths: NDArray[np.uint16]  # of a token's match; 0 for a literal
    distances: NDArray[np.uint16]  # of a token's match, less 1
    code: NDArray[np.uint8]  # (339,): the lengths of the codes for literals, distances and runs
    runs: NDArray[np.uint8]  # (320,): symbols 0 to 18, which tell these lengths
    repeats: NDArray[np.uint8]  # (320,): their extra bits
    codes: NDArray[np.uint16]  # (339,)
    table: NDArray[np.uint16]  # (2, 2**15): 16 * (symbol) + (bits), by the bits to come


def block_of(tokens: int) -> Block:
    """Return room for a block of so many tokens."""
    return Block(
        np.zeros(10, np.int64),
        np.zeros(tokens, np.uint16),
        np.zeros(tokens, np.uint16),
        np.zeros(SYMBOLS, np.uint8),
        np.zeros(320, np.uint8),
        np.zeros(320, np.uint8),
        np.zeros(SYMBOLS, np.uint16),
        np.zeros((2, _TABLE), np.uint16),
    )


@compiled
def _copy(
    given: NDArray[np.uint8], start: int, taken: NDArray[np.uint8], place: int, n: int
) -> None:
    for k in range(n):
        taken[place + k] = given[start + k]


@compiled
def bits(src: NDArray[np.uint8], at: int, n: int) -> int:
    """Return up to 16 bits from bit `at` on; zeros beyond the end."""
    found = 0
    for k in range(3):
        byte = (at >> 3) + k
        if byte < src.size:
            found |= i64(src[byte]) << (8 * k)
    return found >> (at & 7) & ((1 << n) - 1)


@compiled
def _fill(table: NDArray[np.uint16], block: Block, first: int, n: int) -> int:
    """Make the table of a code; return its longest length, or BAD if there is no such code.

    Only a code of one symbol may leave room.
    """
    lengths, codes = block.code, block.codes
    room = canonical(lengths, first, n, codes)
    used, longest = 0, 1
    for symbol in range(first, first + n):
        if lengths[symbol]:
            used += 1
            longest = max(longest, i64(lengths[symbol]))
    if room < 0 or (room > 0 and (used > 1 or longest > 1)):
        return BAD
    if room > 0:
        table[: 1 << longest] = 0
    for symbol in range(first, first + n):
        bits = i64(lengths[symbol])
        if bits:
            entry = (symbol - first) << 4 | bits
            for place in range(i64(codes[symbol]), 1 << longest, 1 << bits):
                table[place] = entry
    return longest


@compiled
def _read_code(src: NDArray[np.uint8], at: int, block: Block) -> int:
    """Read how a dynamic block tells its codes. Returns where that ends, or BAD."""
    about = block.about
    about[LITERALS] = 257 + bits(src, at, 5)
    about[DISTANCES] = 1 + bits(src, at + 5, 5)
    about[CODES] = 4 + bits(src, at + 10, 4)
    at += 14
    if about[LITERALS] > _MOST_LITERALS or about[DISTANCES] > _MOST_DISTANCES:
        return BAD
    block.code[:] = 0
    for k in range(about[CODES]):
        block.code[FIRST[2] + ORDER[k]] = bits(src, at, 3)
        at += 3
    longest = _fill(block.table[0], block, FIRST[2], 19)
    if longest == BAD:
        return BAD
    told, runs, before = 0, 0, 0
    wanted = about[LITERALS] + about[DISTANCES]
    while told < wanted:
        entry = i64(block.table[0, bits(src, at, longest)])
        if entry == 0 or at >= 8 * src.size:
            return BAD
        at += entry & 15
        symbol, times, repeat = entry >> 4, 1, 0
        if symbol < 16:
            before = symbol
        else:
            extra = 2 if symbol == 16 else 3 if symbol == 17 else 7
            repeat = bits(src, at, extra)
            at += extra
            times = repeat + (11 if symbol == 18 else 3)
            if symbol == 16 and told == 0:
                return BAD
            if symbol > 16:
                before = 0
        if told + times > wanted:
            return BAD
        block.runs[runs], block.repeats[runs] = symbol, repeat
        runs += 1
        for _ in range(times):
            place = told if told < about[LITERALS] else FIRST[1] + told - about[LITERALS]
            block.code[place] = before
            told += 1
    about[RUNS] = runs
    return at


@compiled
def read(
    src: NDArray[np.uint8], at: int, block: Block, plain: NDArray[np.uint8], start: int
) -> int:
    """Read the block that begins at bit `at` and write what it stands for to plain[start:].

    Returns the bit where it ends, FULL if there is no room, or BAD. Tokens are kept as far as there
    is room for them, and counted.
    """
    about = block.about
    if at + 3 > 8 * src.size:
        return BAD
    about[FINAL], about[KIND] = bits(src, at, 1), bits(src, at + 1, 2)
    at += 3
    if about[KIND] == STORED:
        return _read_stored(src, at, block, plain, start)
    if about[KIND] == FIXED:
        _copy(FIXED_LENGTHS, 0, block.code, 0, 320)
    elif about[KIND] == DYNAMIC:
        at = _read_code(src, at, block)
        if at == BAD:
            return BAD
    else:
        return BAD
    literals = _fill(block.table[0], block, FIRST[0], 288)
    distances = _fill(block.table[1], block, FIRST[1], 32)
    if literals == BAD or distances == BAD:
        return BAD
    return _read_tokens(src, at, block, literals, distances, plain, start)


@compiled
def _read_stored(
    src: NDArray[np.uint8], at: int, block: Block, plain: NDArray[np.uint8], start: int
) -> int:
    about = block.about
    about[PADDING] = bits(src, at, -at & 7)
    at = at + 7 >> 3
    size = bits(src, 8 * at, 16)
    at += 4
    if at + size > src.size or size ^ bits(src, 8 * (at - 2), 16) != 0xFFFF:
        return BAD
    about[BYTES], about[TOKENS], about[FARTHEST] = size, 0, 0
    if start + size > plain.size:
        return FULL
    _copy(src, at, plain, start, size)
    return 8 * (at + size)


@compiled
def _read_tokens(
    src: NDArray[np.uint8],
    at: int,
    block: Block,
    literals: int,
    distances: int,
    plain: NDArray[np.uint8],
    start: int,
) -> int:
    """Read the tokens of a block whose tables are made."""
    about, table = block.about, block.table
    place, tokens, farthest, byte = start, 0, 0, at >> 3
    hold, held = u64(0), 0
    end = i64(src.size)
    if byte < end:
        hold, held = u64(src[byte]) >> u64(at & 7), 8 - (at & 7)
    byte += 1
    while True:
        while held <= 48:  # a token takes 48 bits at most
            if byte < end:
                hold |= u64(src[byte]) << u64(held)
            byte += 1
            held += 8
        entry = i64(table[0, hold & u64((1 << literals) - 1)])
        if entry == 0:
            return BAD
        hold >>= u64(entry & 15)
        held -= entry & 15
        symbol = entry >> 4
        length, distance = 0, 1
        if symbol == 256:
            break
        if symbol < 256:
            if place == plain.size:
                return FULL
            plain[place] = symbol
            place += 1
        else:
            if symbol > 285:
                return BAD
            extra = LENGTH_EXTRA[symbol - 257]
            length = LENGTH_LEAST[symbol - 257] + i64(hold & u64((1 << extra) - 1))
            hold >>= u64(extra)
            held -= extra
            entry = i64(table[1, hold & u64((1 << distances) - 1)])
            if entry == 0 or entry >> 4 >= _MOST_DISTANCES:
                return BAD
            hold >>= u64(entry & 15)
            extra = DISTANCE_EXTRA[entry >> 4]
            distance = DISTANCE_LEAST[entry >> 4] + i64(hold & u64((1 << extra) - 1))
            hold >>= u64(extra)
            held -= (entry & 15) + extra
            # 258 has a code of its own: spelled in another way it would not come back.
            if distance > place or (length == 258 and symbol != 285):
                return BAD
            if place + length > plain.size:
                return FULL
            farthest = max(farthest, distance)
            for _ in range(length):
                plain[place] = plain[place - distance]
                place += 1
        if tokens < block.lengths.size:
            block.lengths[tokens], block.distances[tokens] = length, distance - 1
        tokens += 1
        if byte - (held >> 3) > end + 8:
            return BAD
    at = 8 * byte - held
    if at > 8 * end:
        return BAD
    about[BYTES], about[TOKENS], about[FARTHEST] = place - start, tokens, farthest
    return at


@compiled
def length_symbol(length: int) -> int:
    """Return the symbol of a match's length, 3 to 258."""
    if length == 258:
        return 285
    less = length - 3
    if less < 8:
        return 257 + less
    bits = 0
    while less >> (bits + 3):
        bits += 1
    return 257 + 4 * bits + (less >> bits)


@compiled
def distance_symbol(less: int) -> int:
    """Return the symbol of a distance, given less 1."""
    if less < 4:
        return less
    bits = 0
    while less >> (bits + 2):
        bits += 1
    return 2 * bits + (less >> bits)


@compiled
def _put(out: NDArray[np.uint8], at: int, value: int, n: int) -> int:
    """Write n bits, up to 16, at bit `at` of `out`, zeros there. Returns where they end."""
    value = (value & ((1 << n) - 1)) << (at & 7)
    byte = at >> 3
    while value:
        out[byte] |= value & 255
        value >>= 8
        byte += 1
    return at + n


@compiled
def write(
    block: Block, plain: NDArray[np.uint8], start: int, out: NDArray[np.uint8], at: int
) -> int:
    """Write the block of plain[start:] at bit `at` of `out`, where zeros are.

    Returns the bit where it ends, or FULL if that would be beyond `out`.
    """
    about = block.about
    if at + 8192 > 8 * out.size:  # more than how any block tells its codes
        return FULL
    at = _put(out, at, about[FINAL] | about[KIND] << 1, 3)
    if about[KIND] == STORED:
        at = _put(out, at, about[PADDING], -at & 7)
        at = _put(out, at, about[BYTES], 16)
        at = _put(out, at, ~about[BYTES], 16) >> 3
        if at + about[BYTES] > out.size:
            return FULL
        size: int = about[BYTES]
        _copy(plain, start, out, at, size)
        return 8 * (at + size)
    if about[KIND] == DYNAMIC:
        at = _write_code(block, out, at)
    else:
        _copy(FIXED_LENGTHS, 0, block.code, 0, 320)
    code, codes = block.code, block.codes
    canonical(code, FIRST[0], 288, codes)
    canonical(code, FIRST[1], 32, codes)
    place = start
    for token in range(about[TOKENS]):
        if at + 64 > 8 * out.size:
            return FULL
        length = i64(block.lengths[token])
        if length == 0:
            symbol = i64(plain[place])
            at = _put(out, at, i64(codes[symbol]), i64(code[symbol]))
            place += 1
            continue
        symbol = length_symbol(length)
        at = _put(out, at, i64(codes[symbol]), i64(code[symbol]))
        at = _put(out, at, length - LENGTH_LEAST[symbol - 257], LENGTH_EXTRA[symbol - 257])
        less = i64(block.distances[token])
        symbol = distance_symbol(less)
        at = _put(out, at, i64(codes[FIRST[1] + symbol]), i64(code[FIRST[1] + symbol]))
        at = _put(out, at, less + 1 - DISTANCE_LEAST[symbol], DISTANCE_EXTRA[symbol])
        place += length
    return _put(out, at, i64(codes[256]), i64(code[256]))


@compiled
def _write_code(block: Block, out: NDArray[np.uint8], at: int) -> int:
    about = block.about
    at = _put(out, at, about[LITERALS] - 257, 5)
    at = _put(out, at, about[DISTANCES] - 1, 5)
    at = _put(out, at, about[CODES] - 4, 4)
    for k in range(about[CODES]):
        at = _put(out, at, i64(block.code[FIRST[2] + ORDER[k]]), 3)
    canonical(block.code, FIRST[2], 19, block.codes)
    for run in range(about[RUNS]):
        symbol = i64(block.runs[run])
        place = FIRST[2] + symbol
        at = _put(out, at, i64(block.codes[place]), i64(block.code[place]))
        if symbol > 15:
            extra = 2 if symbol == 16 else 3 if symbol == 17 else 7
            at = _put(out, at, i64(block.repeats[run]), extra)
    return at
