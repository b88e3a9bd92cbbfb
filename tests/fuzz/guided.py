"""Fuzzing of unpacking, guided by the decisions that are taken.

    cd tests && NUMBA_BOUNDSCHECK=1 python -m fuzz.guided unpacker|packer RUNS [SEED]

Compiled code has no counters for libFuzzer to see. But all that unpacking tells or learns goes by
decisions, each in a context that stands for a branch: an input that takes decisions in contexts
where there were none, or many more than before, is kept, and changed further.
"""

import random
import sys
import time
import traceback
import zlib
from collections.abc import Callable
from pathlib import Path

import deflated
import numpy as np
from test_fuzz import mutated

from arzip import unpacking
from arzip.unpacking import fonts, layers, letters
from fuzz import targets

LONGEST = {"unpacker": 300, "packer": 1500}


class Seen:
    """How often the contexts were needed, as powers of two, in any input."""

    def __init__(self) -> None:
        self._start = layers.odds()
        self._most = np.zeros(self._start.size, dtype=np.int64)
        self._latest = [self._start]
        self._new_odds = unpacking._odds
        unpacking._odds = self._odds  # type: ignore[assignment]

    def _odds(self) -> np.ndarray:
        odds = self._new_odds()
        self._latest.append(odds)
        return odds

    def is_new(self) -> bool:
        """Whether the input since the last call took decisions as none did before."""
        new = False
        for odds in self._latest:
            taken = odds[: self._start.size] != self._start
            counts = (odds[: self._start.size] & 1023).astype(np.int64)
            classes = np.where(taken, 1 + np.frexp(counts.astype(float))[1], 0)
            new |= bool((classes > self._most).any())
            self._most = np.maximum(self._most, classes)
        self._latest.clear()
        return new

    def __len__(self) -> int:
        return int(np.count_nonzero(self._most))


def seeds(target: str) -> list[bytes]:
    """Inputs to start from."""
    sample, text = deflated.sample(), deflated.TEXT
    pieces = [sample[at : at + 1500] for at in range(0, len(sample), 700)]
    if target == "packer":
        return [bytes([value]) * 64 + piece for value in (0, 60, 200) for piece in pieces]
    pieces = [sample[at : at + 300] for at in range(0, len(sample), 300)]
    starts = (0, 500, 2000)
    streams = [zlib.compress(text[at : at + 250], level) for level in range(10) for at in starts]
    strategies = [b"x\x9c" + deflated.deflate(text[:300], strategy=k) for k in range(5)]
    image = b"1 0 obj<</Subtype/Image/Predictor 12/Columns 9>>stream\n"
    rows = zlib.compress(bytes([1, *range(9)]) * 9 + bytes(range(60)))
    whole = [deflated.picture(5, 9), image + rows, np.random.default_rng(0).bytes(20_000)]
    in_letters = [letters.letters_of(text[:170], 76, k) for k in range(len(letters.BREAKS))]
    font = b"dup /Private 9 dict\n/A 9 RD " + text[:9] + b" ND\nclosefile\n"
    in_cipher = [b"%!PS\neexec\n" + fonts.enciphered(font, outlines) for outlines in (True, False)]
    return pieces + streams + strategies + whole + in_letters + in_cipher


def unpacker(data: bytes) -> bytes | None:
    """The target of this name; of one in 32 inputs, if it is a stream of zlib's, the check
    is made to hold: these take longest.
    """
    if zlib.crc32(data) & 31:
        return targets.unpacker(data)
    try:
        stream = zlib.decompressobj(-15)
        plain = stream.decompress(data[2:], targets.MOST_PLAIN)
    except zlib.error:
        return targets.unpacker(data)
    if not stream.eof:
        return targets.unpacker(data)
    end = len(data) - len(stream.unused_data)
    check = zlib.adler32(plain).to_bytes(4, "big")
    return targets.unpacker(b"x\x9c" + data[2:end] + check + stream.unused_data)


TARGETS: dict[str, Callable[[bytes], bytes | None]] = {
    "unpacker": unpacker,
    "packer": targets.packer,
}


def main() -> None:
    """Run until RUNS are done, or something is found."""
    name, runs, seed = sys.argv[1], int(sys.argv[2]), int((*sys.argv, "0")[3])
    run, rng, seen = TARGETS[name], random.Random(seed), Seen()
    kept: list[bytes] = []
    start, accepted, longest = time.time(), 0, 0.0
    waiting = seeds(name)
    for done in range(1, runs + 1):
        data = waiting.pop() if waiting else mutated(rng.choice(kept), rng)
        if not waiting and rng.random() < 0.1:
            other = rng.choice(kept)
            cut = rng.randrange(len(data) + 1)
            data = data[:cut] + other[rng.randrange(len(other) + 1) :]
        data = data if len(data) > 10_000 and not kept else data[: LONGEST[name]]
        begin = time.time()
        try:
            accepted += run(data) is not None
        except BaseException:
            traceback.print_exc()
            Path(f"{name}-{done}.bin").write_bytes(data)
            sys.exit(f"found by {name}-{done}.bin")
        longest = max(longest, time.time() - begin if done > 1000 else 0.0)
        if seen.is_new() or not kept:
            kept.append(data)
        if done % 10_000 == 0 or done == runs:
            print(
                f"{done:,} inputs, {accepted:,} taken, {len(kept):,} kept, {len(seen):,} contexts, "
                f"longest {longest:.2f} s, {time.time() - start:.0f} s",
                flush=True,
            )


if __name__ == "__main__":
    main()
