"""Which of zlib's settings a stream was made with: those that predict its tokens best.

Only an encoder asks; the decoder is told.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from arzip.engine.compiled import compiled, i64
from arzip.errors import FormatError
from arzip.unpacking import blocks, matcher, streams
from arzip.unpacking.blocks import BYTES, FINAL, KIND, STORED, TOKENS, Block
from arzip.unpacking.chains import CHECKED, FOUR, THREE
from arzip.unpacking.decisions import Decisions
from arzip.unpacking.matcher import (
    CHEAPEST,
    DEFAULT,
    END,
    FILTERED,
    HUFFMAN,
    LEVELS,
    RUNS_ONLY,
    Matcher,
)

__all__ = ["Settings", "guess", "tell"]

_SAMPLE = 1 << 14  # tokens
_MANY = 1 << 18  # tokens, where a sample does not tell settings apart
_FEW = 1 << 11  # tokens, for what is far off
_FOUR_BYTES = 17  # in place of the hash's bits: 16 bits of four bytes
_CHECKED = 18  # 13 bits of their CRC
_NO_REST = 7  # in place of a window's bits: all of 32 KiB, of which zlib leaves out 262 bytes
_HASHES = {_FOUR_BYTES: (16, FOUR), _CHECKED: (13, CHECKED)}


class Settings(NamedTuple):
    """What a stream was made with."""

    level: int  # index of matcher.LEVELS
    strategy: int
    hash_bits: int  # 8 to 16; 17, 18: a hash of four bytes
    window: int  # 8 to 15; 7: no rest is left out

    def values(self) -> NDArray[np.int64]:
        """Return a matcher's settings."""
        reach = 1 << 15 if self.window == _NO_REST else max((1 << self.window) - 262, 1)
        bits, key = _HASHES.get(self.hash_bits, (self.hash_bits, THREE))
        rest = [self.strategy, bits, key, reach]
        return np.array([*LEVELS[self.level], *rest], dtype=np.int64)


def tell(decisions: Decisions, given: Settings | None) -> Settings:
    """Tell or learn settings. Raises FormatError for impossible ones."""
    values = given or (0, 0, 8, 7)
    level, strategy, bits, window = (
        decisions.choice(streams.SETTINGS + 16 * k, 4, values[k] - least)
        for k, least in enumerate((0, 0, 8, 7))
    )
    if level >= len(LEVELS) or strategy > CHEAPEST or bits + 8 > _CHECKED or window > 8:
        raise FormatError("a segment's stream has impossible settings: the file is damaged")
    return Settings(level, strategy, bits + 8, window + 7)


@compiled
def _misses(
    m: Matcher,
    plain: NDArray[np.uint8],
    place: int,
    block: Block,
    end: int,
    ends: NDArray[np.int64],
) -> int:
    """Return how many of a sample's tokens are not as expected. Its blocks end at `ends`."""
    misses, which = 0, 0
    m.about[END] = ends[0]
    for token in range(end):
        while place == m.about[END]:
            which += 1
            m.about[END] = ends[which]
        length = i64(block.lengths[token])
        expected, distance = matcher.predict(m, plain, place)
        if length != expected or (length and distance != i64(block.distances[token]) + 1):
            misses += 1
        matcher.follow(m, plain, place, length)
        place += max(length, 1)
    return misses


def guess(src: NDArray[np.uint8], plain: NDArray[np.uint8], farthest: int) -> Settings:
    """Return the settings for a stream. `farthest` is its largest distance."""
    sample = _Sample(src, plain, _SAMPLE)
    hash_bits = next((n for n in range(8, 17) if (1 << (n - 1)) - 1 in sample.sizes), 15)
    window = next((n for n in range(9, 16) if farthest <= (1 << n) - 262), _NO_REST)
    usual = Settings(5, DEFAULT, hash_bits, window)
    if farthest < 2:
        simple = usual._replace(strategy=RUNS_ONLY if farthest else HUFFMAN)
        if not sample.misses(simple):
            return simple
    tried = [usual._replace(level=level) for level in _OF_ZLIB]
    if min(sample.misses(which, _FEW) for which in tried) > _FEW // 64:
        tried += _of_others(usual)
    best = _best(sample, tried)
    if sample.misses(best) and best.level in _OF_ZLIB and best.hash_bits not in _HASHES:
        varied = [best._replace(hash_bits=n) for n in range(8, 17)]
        varied += [usual._replace(level=level, strategy=FILTERED) for level in range(3, 9)]
        best = _best(sample, [best, *varied])
    return best


_OF_ZLIB = (5, 8, 0, 1, 2, 3, 4, 6, 7)  # levels, the likeliest first


def _of_others(usual: Settings) -> list[Settings]:
    """Return settings for streams that zlib has not made with the usual strategy."""
    tried = [usual._replace(level=level, strategy=FILTERED) for level in range(3, 9)]
    tried += [usual._replace(level=level) for level in range(9, len(LEVELS))]
    tried.append(Settings(10, CHEAPEST, 16, _NO_REST))
    tried += [usual._replace(level=level, hash_bits=_FOUR_BYTES) for level in range(len(LEVELS))]
    return tried + [
        usual._replace(level=level, hash_bits=_CHECKED) for level in range(9, len(LEVELS))
    ]


def _best(sample: "_Sample", tried: list[Settings]) -> Settings:
    """Return the settings that predict most of the sample, among those that begin well."""
    least = min(sample.misses(which, _FEW) for which in tried)
    good = [which for which in tried if sample.misses(which, _FEW) <= least + least // 4 + 4]
    least = min(map(sample.misses, good))
    best = [which for which in good if sample.misses(which) == least]
    return best[0] if len(best) == 1 else min(best, key=sample.longer().misses)


class _Sample:
    """Tokens in a row, from a stream's start on if possible."""

    def __init__(self, src: NDArray[np.uint8], plain: NDArray[np.uint8], most: int) -> None:
        """Take at most so many tokens."""
        self._src, self._plain, self._most = src, plain, most
        self._block = blocks.block_of(most)
        self._place = 0  # in the plain text, of the first token
        self.sizes: set[int] = set()
        """How many tokens the blocks have, but for the last one."""
        self._ends: list[int] = []
        self._known: dict[tuple[Settings, int], int] = {}
        self._longer: _Sample | None = None
        self._count = self._fill()

    def longer(self) -> "_Sample":
        """Return a longer sample; this one if there are no more tokens."""
        if self._count < self._most:
            return self
        if self._longer is None:
            self._longer = _Sample(self._src, self._plain, _MANY)
        return self._longer

    def _fill(self) -> int:
        """Take tokens up to a stored block. Returns how many."""
        block, about = self._block, self._block.about
        place = at = count = 0
        is_last = False
        while not is_last and count < self._most:
            rest = block._replace(lengths=block.lengths[count:], distances=block.distances[count:])
            at = blocks.read(self._src, at, rest, self._plain, place)
            is_last = bool(about[FINAL])
            place += int(about[BYTES])
            if about[KIND] == STORED:
                if count:
                    break
                self._place = place
                continue
            count = min(count + int(about[TOKENS]), self._most)
            self._ends.append(place)
            if not is_last:
                self.sizes.add(int(about[TOKENS]))
        return count

    def misses(self, which: Settings, tokens: int = _MANY) -> int:
        """Return how many of the first tokens are not as these settings expect."""
        tokens = min(tokens, self._count)
        if (which, tokens) not in self._known:
            m = matcher.matcher(which.values())
            ends = np.array(self._ends or [0])
            missed = _misses(m, self._plain, self._place, self._block, tokens, ends)
            self._known[which, tokens] = missed
        return self._known[which, tokens]
