"""Where the n-gram experts' slots are kept: one hash table of lines and of runs.

For every context and half byte, a hash finds a line of 16 slots: a tag, then the 15 nodes of a
binary tree whose four levels are the half byte's bits. But most contexts were only ever followed by
one half byte, and all that their line would hold is by which, and how often: a run, of 32 bits,

    tag (20 bits) | half byte (4 bits) | count (8 bits)

from which the line can be unfolded, slot for slot, as if it had been kept. Only a context that is
followed by a second half byte is given a line. The table's first half is for lines; the other half,
for runs, has room for sixteen times as many.

A line is looked for in two neighbouring places, and a run in 16, which are one line of the
processor's cache, its home; a new one takes the place of the one that was used least. Both half
bytes of a context have the same home. So a byte and context ask for memory three times; but where
the first half has a run, the second mostly has one as well, and no line is asked for.

Where each bit has contexts of its own there are no runs, and a line has 8 slots: a tag, and seven,
of which `state.near` says the bit's. These lines may be anywhere in the table.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from arzip.engine.compiled import compiled, i64, u32, u64
from arzip.models.bits.ngram import MOST, UNSEEN, after, count_of
from arzip.models.bits.state import LINE
from arzip.models.numbers.intrinsics import WORDS, copy_line, prefetch, seek, shortest
from arzip.readings import for_each_size
from arzip.readings.reading import Size, State

__all__ = ["SHORT_LINE", "find", "locate", "store"]

SHORT_LINE = 8
"""Slots in the line of a single bit."""

HOME = WORDS
"""Runs in a line of the processor's cache."""

TAG = u32(0xFFFFF000)
OUTCOME = u32(0xF00)
COUNT = u32(0xFF)


def _unfolded() -> NDArray[np.uint32]:
    """Return an array in which [bit, n] is a slot after n times `bit` and nothing else."""
    slots = np.empty((2, MOST + 1), dtype=np.uint32)
    for bit in range(2):
        slot = int(UNSEEN)
        for n in range(MOST + 1):
            slots[bit, n] = slot
            slot = after(slot, bit)
    return slots


UNFOLDED = _unfolded()


@for_each_size
def locate(size: Size) -> Callable[[State, NDArray[np.uint32], int], None]:
    total = size.all_contexts

    @compiled
    def locate(state: State, table: NDArray[np.uint32], partial: int) -> None:
        """Hash the contexts of the half byte after `partial` and ask for its lines and runs.

        The sooner this is called before `find`, the less that waits for memory.
        """
        places, homes, tags = state.places, state.homes, state.tags
        half = u64(table.size >> 1)
        lines, home = half // u64(LINE) - u64(1), half // u64(HOME) - u64(1)
        size = u64(LINE)
        if state.by_bits:
            size = u64(SHORT_LINE)
            lines = u64(table.size) // size - u64(1)
        salt = u64(partial) * u64(0x9E3779B97F4A7C15)
        for i in range(total):
            x = state.hashes[i] ^ salt
            x = (x ^ (x >> u64(31))) * u64(0xD6E8FEB86659FD93)
            if partial == 1:
                homes[i] = half + ((x >> u64(34)) & home) * u64(HOME)
            places[i] = ((x >> u64(20)) & lines) * size
            tags[i] = u32(x) | u32(1)
        if state.by_bits:
            for i in range(total):
                prefetch(table, places[i])
        elif partial == 1:
            for i in range(total):
                prefetch(table, homes[i])
                prefetch(table, places[i])
        else:
            for i in range(total):
                is_run = state.runs[i] != u64(0) and count_of(state.cache[i, 1]) > u32(1)
                prefetch(table, homes[i] if is_run else places[i])

    return locate


@for_each_size
def find(size: Size) -> Callable[[State, NDArray[np.uint32]], None]:
    own, total = size.contexts, size.all_contexts

    @compiled
    def find(state: State, table: NDArray[np.uint32]) -> None:
        """Copy the located lines into the cache, unfolding runs and beginning what is new."""
        places, homes, tags, lines, runs, cache = (
            state.places, state.homes, state.tags, state.lines, state.runs, state.cache,
        )  # fmt: skip
        state.hits = 0
        state.node = u64(1)
        if state.by_bits:
            _find_short(state, table)
            return
        for i in range(total):
            lines[i] = places[i]
            runs[i] = u64(0)
            at = seek(table, homes[i], tags[i])
            runs[i] = homes[i] + at if at < u64(HOME) else u64(0)
            if runs[i] == u64(0) and table[places[i]] != tags[i]:
                prefetch(table, places[i] ^ u64(LINE))
        for i in range(total):
            if runs[i] != u64(0):
                state.hits += i64(i < own)
                _begin(cache, i, tags[i])
                _unfold(cache, i, table[runs[i]])
                continue
            lines[i] = _claim(table, places[i], tags[i], u64(LINE))
            if table[lines[i]] == tags[i]:
                state.hits += i64(i < own)
                copy_line(cache, u64(i * LINE), table, lines[i])
            else:
                _begin(cache, i, tags[i])
                runs[i] = homes[i] + shortest(table, homes[i])

    return find


@for_each_size
def store(size: Size) -> Callable[[State, NDArray[np.uint32]], None]:
    total = size.all_contexts

    @compiled
    def store(state: State, table: NDArray[np.uint32]) -> None:
        """Put the half byte's lines and runs back, changed."""
        lines, runs, cache = state.lines, state.runs, state.cache
        if state.by_bits:
            _store_short(state, table)
            return
        outcome = u32(u32(u32(state.node) << u32(8)) & OUTCOME)
        for i in range(total):
            if runs[i] != u64(0):
                run, tag = table[runs[i]], cache[i, 0]
                if not _is_run_of(run, tag):
                    table[runs[i]] = u32(u32(tag & TAG) | outcome | u32(1))
                    continue
                if u32(run & OUTCOME) == outcome and u32(run & COUNT) < u32(MOST):
                    table[runs[i]] = u32(run + u32(1))
                    continue
                table[runs[i]] = u32(0)  # it becomes a line
                lines[i] = _claim(table, lines[i], tag, u64(LINE))
            copy_line(table, lines[i], cache, u64(i * LINE))

    return store


@compiled
def _find_short(state: State, table: NDArray[np.uint32]) -> None:
    """Copy the located lines of single bits into the cache, beginning what is new."""
    tags, lines, cache = state.tags, state.lines, state.cache
    for i in range(state.contexts):
        state.runs[i] = u64(0)
        lines[i] = _claim(table, state.places[i], tags[i], u64(SHORT_LINE))
        if table[lines[i]] == tags[i]:
            state.hits += 1
            for k in range(SHORT_LINE):
                cache[i, k] = table[lines[i] + u64(k)]
        else:
            _begin(cache, i, tags[i])


@compiled
def _store_short(state: State, table: NDArray[np.uint32]) -> None:
    lines, cache = state.lines, state.cache
    for i in range(state.contexts):
        for k in range(SHORT_LINE):
            table[lines[i] + u64(k)] = cache[i, k]


@compiled
def _claim(table: NDArray[np.uint32], line: int, tag: int, size: int) -> int:
    """Return where a context's line of some size is, or else the place of the less used of two."""
    first, neighbour = table[line], line ^ size
    if first == tag or first == u32(0):  # an empty place was never passed over
        return line
    used, as_well = count_of(table[line + u64(1)]), count_of(table[neighbour + u64(1)])
    return neighbour if table[neighbour] == tag or used > as_well else line


@compiled
def _begin(cache: NDArray[np.uint32], i: int, tag: int) -> None:
    """Make line i one of a context that is new."""
    cache[i, 0] = tag
    for k in range(1, LINE):
        cache[i, k] = UNSEEN


@compiled
def _is_run_of(run: int, tag: int) -> bool:
    of: bool = u32(run & COUNT) != u32(0) and u32(u32(run ^ tag) & TAG) == u32(0)
    return of


@compiled
def _unfold(cache: NDArray[np.uint32], i: int, run: int) -> None:
    """Fill in the four slots on a run's path through line i."""
    count, node = u64(run & COUNT), u64(1)
    for level in range(4):
        bit = (u64(run) >> u64(11 - level)) & u64(1)
        cache[i, node] = UNFOLDED[bit, count]
        node = node << u64(1) | bit
