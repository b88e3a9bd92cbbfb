"""Where histories and runs are kept.

A context and the bits before a half byte name a line: 16 bytes, a tag and the histories of the 15
nodes of the half byte's tree. It is in one of three places of a cache line. A context of which only
a run is kept has 32 bits,

    tag (16 bits) | byte (8 bits) | how often it came in a row (8 bits)

in one of four places. `find` and `find_runs` only look; what is new gets its place when the byte is
learned, by `settle` and `note_runs`, instead of what has seen least.
"""

import numpy as np
from numpy.typing import NDArray

from arzip.engine.compiled import compiled, i64, u8, u32, u64
from arzip.models.fast.layout import CONTEXTS, RUN_COUNTS, RUNS, State
from arzip.models.fast.shares import towards
from arzip.models.numbers.intrinsics import prefetch

__all__ = [
    "BUCKET",
    "LINE",
    "ask",
    "ask_runs",
    "find",
    "find_runs",
    "note_runs",
    "settle",
    "to_low_half",
]

LINE = 16
"""Bytes."""

BUCKET = 4
"""Runs among which one is looked for."""

RUN_RATE = 6  # 2**-6

# The table's last line stays empty: it is that of all that is new.


@compiled
def ask(state: State, table: NDArray[np.uint8], half: int) -> None:
    """Ask for the lines of a half byte, long before `find`: they are seldom in a cache."""
    mask = u64(table.size // LINE - 2)
    for i in range(1, CONTEXTS):
        place = ((state.hashes[half, i] >> u64(20)) & mask) * u64(LINE)
        prefetch(table, place)
        state.places[half, i] = place


@compiled
def to_low_half(state: State, partial: int) -> None:
    """Set the contexts of the byte's lower half, after `partial`."""
    for i in range(1, CONTEXTS):
        x = (state.hashes[0, i] ^ u64(partial)) * u64(0xD6E8FEB86659FD93)
        state.hashes[1, i] = x ^ (x >> u64(32))


@compiled
def find(state: State, table: NDArray[np.uint8], half: int) -> None:
    """Find the lines that were asked for."""
    empty = u64(table.size - LINE)
    for i in range(1, CONTEXTS):
        place = state.places[half, i]
        tag = u8(max(state.hashes[half, i] >> u64(56), u64(1)))
        line = place
        if table[place] != tag:
            one, two = place ^ u64(LINE), place ^ u64(2 * LINE)
            if table[one] == tag:
                line = place = one
            elif table[two] == tag:
                line = place = two
            else:
                line = empty
                # Histories are numbered by how much they have seen.
                least = table[place + u64(1)]
                if table[one + u64(1)] < least:
                    place, least = one, table[one + u64(1)]
                if table[two + u64(1)] < least:
                    place = two
        state.lines[half, i] = line
        state.homes[half, i] = place
        state.tags[half, i] = tag


@compiled
def settle(state: State, table: NDArray[np.uint8]) -> None:
    """Give what was not found a place, with no histories yet."""
    for half in range(2):
        for i in range(1, CONTEXTS):
            home = state.homes[half, i]
            if state.lines[half, i] != home:
                for k in range(LINE):
                    table[home + u64(k)] = u8(0)
                table[home] = state.tags[half, i]


@compiled
def _bucket(hashed: int, runs: NDArray[np.uint32]) -> int:
    """Return where the runs are among which a context's one is looked for."""
    bucket: int = (hashed >> u64(20)) & u64(runs.size - BUCKET)
    return bucket


@compiled
def ask_runs(state: State, runs: NDArray[np.uint32]) -> None:
    """Ask for the runs of the byte's contexts, long before `find_runs`."""
    for j in range(RUNS):
        prefetch(runs, _bucket(state.run_hashes[j], runs))


@compiled
def find_runs(state: State, runs: NDArray[np.uint32]) -> None:
    """Find the runs of the byte's contexts."""
    for j in range(RUNS):
        hashed = state.run_hashes[j]
        tag = u32(hashed >> u64(48))
        bucket = _bucket(hashed, runs)
        best = bucket
        found = u32(0)
        for k in range(BUCKET):
            run = runs[bucket + u64(k)]
            if u32(run & u32(255)) != u32(0) and u32(run >> u32(16)) == tag:
                best, found = bucket + u64(k), run
                break
            if u32(run & u32(255)) < u32(runs[best] & u32(255)):
                best = bucket + u64(k)
        state.runs[j] = best
        state.run_tags[j] = tag
        state.run_counts[j] = min(i64(found) & 255, RUN_COUNTS - 1)
        state.run_bytes[j] = i64(found) >> 8 & 255


@compiled
def note_runs(state: State, runs: NDArray[np.uint32], byte: int) -> None:
    """Learn that `byte` followed the contexts."""
    for j in range(RUNS):
        run, count, known = i64(runs[state.runs[j]]), state.run_counts[j], state.run_bytes[j]
        if count > 0:
            state.run_map[j, count] = towards(state.run_map[j, count], byte == known, RUN_RATE)
        times = min((run & 255) + 1, 255) if count > 0 and byte == known else 1
        runs[state.runs[j]] = u32(state.run_tags[j] << u32(16) | u32(byte << 8) | u32(times))
