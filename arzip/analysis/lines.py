"""The odd lines of a file: those that the lines around them explain least.

    s(line) = -1/2 log2 p(line | lines just before) - 1/2 log2 p(line | lines just after)    [bits]

divided by the line's bytes. A model that remembered the whole file would learn from each strange
line, and call odd only the first of several. So it reads each WINDOW lines afresh, after the WINDOW
lines before them. The first WINDOW lines are read after those that follow, as else they would look
odd for being first. This takes four times the work of compressing.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from arzip.codec import Model
from arzip.density import surprisals

__all__ = ["Line", "score_lines"]

WINDOW = 24
"""Lines. In logs, 12 to 48 find about the same; with more, strange lines explain each other."""


@dataclass(frozen=True)
class Line:
    """A line and how surprising it is."""

    number: int
    """From 1."""
    text: bytes
    """Without its line feed."""
    size: int
    """Bytes, with its line feed."""
    bits: float
    """s in the module's docstring."""

    @property
    def bits_per_byte(self) -> float:
        """The measure of oddness: long lines are not odd for being long."""
        return self.bits / self.size


def score_lines(model: Model, data: bytes) -> list[Line]:
    """Return the lines of `data`, the most surprising first; equals in the order of the file.

    Lines end at line feeds; one is added to a last line without it. Raises ModelError as
    compressing does.
    """
    lines = [line + b"\n" for line in data.removesuffix(b"\n").split(b"\n")] if data else []
    before = np.array(list(_read(model, lines)))
    after = np.array(list(_read(model, lines[::-1])))[::-1]
    scored = [
        Line(number, line[:-1], len(line), bits)
        for number, line, bits in zip(
            range(1, len(lines) + 1), lines, ((before + after) / 2).tolist(), strict=True
        )
    ]
    return sorted(scored, key=lambda line: -line.bits_per_byte)


def _read(model: Model, lines: list[bytes]) -> Iterator[float]:
    """Yield the surprisal of each line after those just before it, in bits."""
    for start in range(0, len(lines), WINDOW):
        known = lines[start - WINDOW : start] if start else lines[WINDOW : 2 * WINDOW]
        read = known + lines[start : start + WINDOW]
        bits = np.concatenate(list(surprisals(model, b"".join(read))))
        yield from _sums(bits, read)[len(known) :].tolist()


def _sums(bits: NDArray[np.float64], lines: list[bytes]) -> NDArray[np.float64]:
    """Return the sum over the bytes of each line."""
    starts = np.cumsum([0, *map(len, lines[:-1])])
    return np.asarray(np.add.reduceat(bits, starts), dtype=np.float64)
