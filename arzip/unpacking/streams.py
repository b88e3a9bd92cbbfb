"""A deflate stream, told by what its plain text does not tell.

Whoever has the plain text can guess the tokens, where blocks end, and their codes, as zlib would
choose them. What differs from the guess is told by decisions; those that say "as expected" cost
next to nothing. The same functions tell and learn.

For each block in turn:

    whether it is the last one; whether it is stored
    how many tokens it has, or bytes if it is stored
    each token: as expected? a literal? else a match by how much it is shorter than the longest one,
        and how many nearer ones of that length there are; or, if that does not lead to it, as it is
    whether its codes are the fixed ones; the lengths of the codes, the runs that tell these, and
        the lengths of the codes for runs, each as expected or not

and then the bits that remain of the last byte.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from arzip.engine.compiled import compiled, i64, u64
from arzip.errors import FormatError
from arzip.unpacking import blocks, chains, huffman, matcher
from arzip.unpacking.blocks import (
    BYTES,
    DISTANCES,
    DYNAMIC,
    FARTHEST,
    FINAL,
    FIRST,
    FIXED,
    FIXED_LENGTHS,
    KIND,
    LITERALS,
    MOST,
    ORDER,
    PADDING,
    RUNS,
    STORED,
    SYMBOLS,
    TOKENS,
    Block,
    distance_symbol,
    length_symbol,
)
from arzip.unpacking.chains import SHORTEST, Chains
from arzip.unpacking.decisions import NUMBER, Channel, Decisions, choice, decide, number
from arzip.unpacking.huffman import Forest
from arzip.unpacking.matcher import CHEAPEST, END, HASH_BITS, LEAST_MATCH, STRATEGY, Matcher

__all__ = ["CONTEXTS", "SETTINGS", "Inflated", "expectations", "inflate", "pass_on"]

RUN = 2  # of the three codes: literals, distances, runs
SPREAD = 128  # bytes
CHUNK = 1 << 12  # tokens between two flushes: each takes less than 64 decisions

# Contexts.
_WRONG = 0  # 32 kinds of token x 8 histories
_MATCH = _WRONG + 256  # 32 kinds
_STRANGE = _MATCH + 32
_SHORTER = _STRANGE + 1  # 2 kinds expected, 4 numbers
_HOPS = _SHORTER + 8 * NUMBER
_LENGTH = _HOPS + NUMBER  # 8 bits
_DISTANCE = _LENGTH + 256  # 15 bits
_FINAL = _DISTANCE + 32768  # 2
_STORED = _FINAL + 2  # 4 spreads x 3 kinds before
_TO_END = _STORED + 12  # 2
_UNUSUAL = _TO_END + 2  # 3 kinds before
_COUNT = _UNUSUAL + 3
_PADDING = _COUNT + NUMBER
_IS_FIXED = _PADDING + NUMBER  # 2
_OTHER_SIZE = _IS_FIXED + 2  # 3 kinds
_SIZE = _OTHER_SIZE + 3  # 3 numbers
_OTHER_BITS = _SIZE + 3 * NUMBER  # 3 kinds x 16 expected x 4 histories
_AS_LAST = _OTHER_BITS + 3 * 64  # 3 kinds
_BITS = _AS_LAST + 3  # 3 kinds x 16 x 4 bits
_OTHER_RUN = _BITS + 3 * 256  # 4 kinds
_AGAIN = _OTHER_RUN + 4
_TIMES = _AGAIN + 1
SETTINGS = _TIMES + NUMBER  # 4 of 4 bits
CONTEXTS = SETTINGS + 64
"""Of a stream."""

_SURE = 1 << 24 | 4  # 1/256, as if learned from 4


def expectations(odds: NDArray[np.uint32]) -> None:
    """Set a stream's contexts: that something differs is unlikely."""
    odds[:CONTEXTS] = 1 << 31
    for first, end in ((_WRONG, _MATCH), (_OTHER_SIZE, _SIZE), (_OTHER_BITS, _AS_LAST)):
        odds[first:end] = _SURE
    for place in (*range(_OTHER_RUN, _AGAIN), *range(_UNUSUAL, _COUNT), _IS_FIXED):
        odds[place] = _SURE


class Inflated(NamedTuple):
    """A stream taken apart."""

    size: int  # bytes
    plain: NDArray[np.uint8]
    tokens: int  # in the block that has most
    farthest: int  # distance


LEAST_BLOCK = 64
"""Bytes of blocks on average, beyond the first thousand: more of them are not worth their time."""


def inflate(src: NDArray[np.uint8], room: int, block: Block) -> tuple[Inflated | None, int]:
    """Return the stream that `src` begins with, and how many bytes were written on the way.

    There is None if there is no stream, or its plain text takes more than `room` bytes. `block` is
    room for one without tokens.
    """
    plain = np.empty(min(room, 4 * src.size + 1024, 1 << 16), dtype=np.uint8)
    at = place = count = most = farthest = 0
    while True:
        end = blocks.read(src, at, block, plain, place)
        if end == blocks.FULL and plain.size < room:
            grown = np.empty(min(room, 4 * plain.size), dtype=np.uint8)
            grown[:place] = plain[:place]
            plain = grown
            continue
        count += 1
        if end < 0 or count > 1000 + (end >> 3) // LEAST_BLOCK:
            return None, place
        at, place = end, place + int(block.about[BYTES])
        most = max(most, int(block.about[TOKENS]))
        farthest = max(farthest, int(block.about[FARTHEST]))
        if block.about[FINAL]:
            return Inflated((at + 7) // 8, plain[:place], most, farthest), place


def pass_on(
    decisions: Decisions,
    plain: NDArray[np.uint8],
    src: NDArray[np.uint8] | None,
    settings: NDArray[np.int64],
    tokens: int = 0,
    room: int = 0,
) -> bytes:
    """Tell the stream `src` of the plain text, or learn one of at most `room` bytes.

    Telling: `tokens` is the most in a block. Returns the stream. Raises FormatError if decisions
    give none.
    """
    channel = decisions.channel
    m, complete = matcher.matcher(settings), chains.chains(matcher.COMPLETE)
    block = blocks.block_of(tokens)
    trees, work = huffman.forest(), _work()
    out = np.zeros(room + 1100 if src is None else 0, dtype=np.uint8)
    at = place = 0
    before = DYNAMIC
    while True:
        decisions.flush()
        if src is not None:
            at = blocks.read(src, at, block, plain, place)
        _head(channel, block, plain, place, before, settings)
        m.about[END] = place + int(block.about[BYTES])
        count = int(block.about[TOKENS])
        if src is None and block.lengths.size < count:
            block = block._replace(
                lengths=np.empty(count, dtype=np.uint16), distances=np.empty(count, dtype=np.uint16)
            )
        start = place
        if block.about[KIND] == STORED:
            place += int(block.about[BYTES])
        for first in range(0, count, CHUNK):
            decisions.flush()
            end = min(first + CHUNK, count)
            place = _tokens(channel, m, complete, plain, place, block, first, end)
            if place < 0:
                raise FormatError("a segment's stream has an impossible token: the file is damaged")
            if place == m.about[END] and src is None:
                break
        decisions.flush()
        if block.about[KIND] != STORED:
            _codes(channel, block, plain, start, trees, work)
        if src is None:
            at = blocks.write(block, plain, start, out, at)
            if at < 0 or at > 8 * room:
                raise FormatError("a segment's stream is too long: the file is damaged")
        before = int(block.about[KIND])
        if block.about[FINAL]:
            break
    if place != plain.size:
        raise FormatError("a segment's stream ends too soon: the file is damaged")
    if at & 7:  # bits that mean nothing, to the end of the byte
        rest = 0 if src is None else int(src[at >> 3]) >> (at & 7)
        rest = decisions.number(_PADDING, rest)
        if src is None:
            out[at >> 3] |= rest << (at & 7) & 255
    decisions.flush()
    return (out[: (at + 7) // 8] if src is None else src).tobytes()


class Work(NamedTuple):
    """Room to guess codes: of literals, distances and runs, one after the other."""

    counts: NDArray[np.int64]  # (339,)
    code: NDArray[np.uint8]  # (339,): the lengths that zlib would choose
    sizes: NDArray[np.int64]  # (3,): how many of each it would tell


def _work() -> Work:
    counts, sizes = np.zeros(SYMBOLS, np.int64), np.zeros(3, np.int64)
    return Work(counts, np.zeros(SYMBOLS, np.uint8), sizes)


@compiled
def _head(
    channel: Channel,
    block: Block,
    plain: NDArray[np.uint8],
    place: int,
    before: int,
    settings: NDArray[np.int64],
) -> None:
    """Tell how the block of plain[place:] begins.

    `before` is the kind of the block before. Where the bytes of a block of tokens are told, or the
    tokens, the other number is claimed to be as large as it can be.
    """
    about, left = block.about, i64(plain.size) - place
    usual = (1 << (settings[HASH_BITS] - 1)) - 1  # tokens of a block
    about[FINAL] = decide(channel, _FINAL + i64(left == 0), about[FINAL])
    spread = _spread(plain, place, min(left, SPREAD))
    stored = decide(channel, _STORED + 3 * spread + before, i64(about[KIND] == STORED))
    if stored:
        about[KIND], about[TOKENS] = STORED, 0
        more = about[BYTES] - usual  # of noise no token is a match
        told = number(channel, _COUNT, 2 * more if more >= 0 else -2 * more - 1)
        more = -(told + 1 >> 1) if told & 1 else told >> 1
        about[BYTES] = min(max(usual + more, 0), left)
        about[PADDING] = number(channel, _PADDING, about[PADDING])
        return
    about[KIND] = about[KIND] if about[KIND] else DYNAMIC
    to_end = decide(channel, _TO_END + about[FINAL], i64(about[BYTES] == left))
    if channel.decoding:
        about[BYTES] = about[TOKENS] = left
    if to_end:
        return
    if settings[STRATEGY] == CHEAPEST:
        about[BYTES] = min(number(channel, _COUNT, about[BYTES]), left)
        if channel.decoding:
            about[TOKENS] = about[BYTES]
        return
    if decide(channel, _UNUSUAL + before, i64(about[TOKENS] != usual)):
        about[TOKENS] = min(number(channel, _COUNT, about[TOKENS]), left)
    else:
        about[TOKENS] = min(usual, left)


@compiled
def _spread(plain: NDArray[np.uint8], place: int, n: int) -> int:
    """Return how many kinds of bytes there are in the next n, as 0 to 3: noise has most."""
    low, high, kinds = u64(0), u64(0), 0
    for at in range(place, place + n):
        bit = u64(1) << u64(plain[at] & 63)
        seen = high if plain[at] & 64 else low
        if not seen & bit:
            kinds += 1
        if plain[at] & 64:
            high |= bit
        else:
            low |= bit
    spread: int = i64(kinds > 56) + i64(kinds > 66) + i64(kinds > 74)
    return spread


@compiled
def _tokens(
    channel: Channel,
    m: Matcher,
    complete: Chains,
    plain: NDArray[np.uint8],
    place: int,
    block: Block,
    first: int,
    end: int,
) -> int:
    """Tell the tokens of a block from number `first` on. Returns where they end, -1 if damaged.

    If its bytes end before, so does the block.
    """
    history = 0
    for token in range(first, end):
        if place == m.about[END]:
            block.about[TOKENS] = token
            return place
        length, distance = i64(block.lengths[token]), i64(block.distances[token]) + 1
        expected, its_distance = matcher.predict(m, plain, place)
        kind = matcher.kind(m, expected, its_distance, place)
        right = length == expected and (length == 0 or distance == its_distance)
        wrong = decide(channel, _WRONG + 8 * kind + history, i64(not right))
        history = (history << 1 | wrong) & 7
        if wrong:
            length, distance = _other(channel, complete, plain, place, kind, length, distance)
        else:
            length, distance = expected, its_distance
        if length and (distance > place or distance < 1 or place + length > m.about[END]):
            return -1
        if channel.decoding:
            block.lengths[token], block.distances[token] = length, max(distance - 1, 0)
        matcher.follow(m, plain, place, length)
        place += max(length, 1)
    if place == m.about[END]:
        block.about[TOKENS] = end
    return place


@compiled
def _other(
    channel: Channel,
    complete: Chains,
    plain: NDArray[np.uint8],
    place: int,
    kind: int,
    length: int,
    distance: int,
) -> tuple[int, int]:
    """Tell a token that is not as expected, by the chains that all places are in."""
    if kind > 0 and not decide(channel, _MATCH + kind, i64(length > 0)):
        return 0, 0
    best, _ = chains.longest(complete, plain, place)
    if best:
        hops = -1
        if not channel.decoding and length <= best:
            hops = chains.hops_back(complete, plain, place, length, distance)
        if not decide(channel, _STRANGE, i64(hops < 0)):
            which = 4 * i64(kind >= LEAST_MATCH) + min(best - SHORTEST, 3)
            length = max(best - number(channel, _SHORTER + which * NUMBER, best - length), SHORTEST)
            hops = number(channel, _HOPS, hops)
            return length, chains.nearest(complete, plain, place, length, hops)
    length = SHORTEST + choice(channel, _LENGTH, 8, length - SHORTEST)
    return length, 1 + choice(channel, _DISTANCE, 15, distance - 1)


@compiled
def _codes(
    channel: Channel,
    block: Block,
    plain: NDArray[np.uint8],
    start: int,
    trees: Forest,
    work: Work,
) -> None:
    """Tell which codes a block of known tokens has."""
    about = block.about
    _count(block, plain, start, work.counts)
    for which in range(3):
        if which == RUN:
            told = _count_expected_runs(work)
        _expect(trees, work, which)
    told += 14 + 3 * work.sizes[RUN] + _cost(work, work.code, RUN, 3)
    looks_fixed = _cost(work, FIXED_LENGTHS, 0, 2) <= _cost(work, work.code, 0, 2) + told
    if decide(channel, _IS_FIXED + i64(looks_fixed), i64(about[KIND] == FIXED)):
        about[KIND] = FIXED
        return
    about[KIND] = DYNAMIC
    if channel.decoding:
        block.code[:] = 0
    for which in range(3):
        if which == RUN:
            _runs(channel, block)
            _count_runs(block, work.counts)
            _expect(trees, work, RUN)
        size, expected = about[LITERALS + which], work.sizes[which]
        if decide(channel, _OTHER_SIZE + which, i64(size != expected)):
            less = number(channel, _SIZE + which * NUMBER, MOST[which] - size)
            expected = max(MOST[which] - less, 0)
        about[LITERALS + which] = expected
        wrong, last = 0, 0
        for k in range(expected):
            place = FIRST[which] + (ORDER[k] if which == RUN else k)
            bits, length = i64(work.code[place]), i64(block.code[place])
            context = _OTHER_BITS + 64 * which + 4 * bits + 2 * wrong + i64(bits == last)
            wrong = decide(channel, context, i64(length != bits))
            if not wrong:
                last = bits
            elif bits == last or decide(channel, _AS_LAST + which, i64(length != last)):
                last = choice(channel, _BITS + 256 * which + 16 * bits, 4, length)
            block.code[place] = last


@compiled
def _expect(trees: Forest, work: Work, which: int) -> None:
    """Guess a code from how often its symbols occur."""
    most = 7 if which == RUN else 15
    first = FIRST[which]
    size = huffman.lengths_for(trees, work.counts, first, MOST[which], most, work.code)
    if which == RUN:
        size = 19
        while size > 4 and work.code[first + ORDER[size - 1]] == 0:
            size -= 1
    work.sizes[which] = size


@compiled
def _count(block: Block, plain: NDArray[np.uint8], place: int, counts: NDArray[np.int64]) -> None:
    """Count the symbols of a block."""
    counts[:] = 0
    counts[256] = 1
    for token in range(block.about[TOKENS]):
        length = i64(block.lengths[token])
        if length:
            counts[length_symbol(length)] += 1
            counts[FIRST[1] + distance_symbol(i64(block.distances[token]))] += 1
        else:
            counts[plain[place]] += 1
        place += max(length, 1)


@compiled
def _cost(work: Work, code: NDArray[np.uint8], first: int, end: int) -> int:
    """Return the bits that symbols of some codes take, without their extra bits."""
    total = 0
    for place in range(FIRST[first], FIRST[end] if end < 3 else SYMBOLS):
        total += work.counts[place] * i64(code[place])
    return total


@compiled
def _extra(symbol: int) -> int:
    """Return the extra bits of a run's symbol."""
    return 2 if symbol == 16 else 3 if symbol == 17 else 7 if symbol == 18 else 0


@compiled
def _count_expected_runs(work: Work) -> int:
    """Count the runs by which zlib would tell its codes. Returns their extra bits."""
    total = 0
    for which in range(2):
        place = first = FIRST[which]
        end = first + work.sizes[which]
        while place < end:
            symbol, times = _expected_run(work.code, place, first, end)
            work.counts[FIRST[RUN] + symbol] += 1
            total += _extra(symbol)
            place += times
    return total


@compiled
def _count_runs(block: Block, counts: NDArray[np.int64]) -> None:
    """Count the runs by which a block tells its codes."""
    counts[FIRST[RUN] :] = 0
    for run in range(block.about[RUNS]):
        counts[FIRST[RUN] + i64(block.runs[run])] += 1


@compiled
def _expected_run(code: NDArray[np.uint8], place: int, first: int, end: int) -> tuple[int, int]:
    """Return the symbol that zlib tells the next lengths by, and how many of them."""
    length = code[place]
    times = 1
    while times < 138 and place + times < end and code[place + times] == length:
        times += 1
    if length == 0 and times >= 3:
        return (18, times) if times > 10 else (17, times)
    if times >= 3 and place > first and code[place - 1] == length:
        return 16, min(times, 6)
    return i64(length), 1


@compiled
def _runs(channel: Channel, block: Block) -> None:
    """Tell the runs by which a block tells its codes."""
    about, code = block.about, block.code
    told, run = 0, 0
    literals, wanted = about[LITERALS], about[LITERALS] + about[DISTANCES]
    while told < wanted:
        in_literals = told < literals
        place = told if in_literals else FIRST[1] + told - literals
        first = 0 if in_literals else FIRST[1]
        end = literals if in_literals else first + about[DISTANCES]
        expected, times = _expected_run(code, place, first, end)
        symbol = i64(block.runs[run])
        its_times = 1
        if symbol > 15:
            its_times = i64(block.repeats[run]) + (11 if symbol == 18 else 3)
        kind = max(expected - 15, 0)
        if decide(channel, _OTHER_RUN + kind, i64(symbol != expected or its_times != times)):
            again = decide(channel, _AGAIN, i64(symbol == 16))
            times = 1 + number(channel, _TIMES, its_times - 1)
            if again:
                expected, times = 16, min(max(times, 3), 6)
            elif times > 10:
                expected, times = 18, min(times, 138)
            elif times >= 3:
                expected = 17
            else:
                expected, times = i64(code[place]), 1
        if channel.decoding:
            block.runs[run] = expected
            block.repeats[run] = 0 if expected < 16 else times - (11 if expected == 18 else 3)
        told += times
        run += 1
    about[RUNS] = run
