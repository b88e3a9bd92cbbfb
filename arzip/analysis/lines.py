"""The odd lines of a file: those that the lines around them explain least.

    s(line) = -1/2 log2 p(line | lines just before) - 1/2 log2 p(line | lines just after)    [bits]

divided by the line's bytes. A model that remembered all of the file would call odd only the first
of several strange lines, as it learns from each: so it forgets, and reads every WINDOW lines anew
after the WINDOW before them (the first after those that follow, or they would look odd for being
first). That is four times the work of compressing the file.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from arzip.codec import Model
from arzip.density import surprisals

__all__ = ["WINDOW", "Line", "score_lines"]

WINDOW = 24
"""Lines. Of logs, 12 to 48 find about the same; more let strange lines explain each other."""


@dataclass(frozen=True)
class Line:
    """A line and how surprising it is."""

    number: int
    """From 1."""
    text: bytes
    """Without the end of the line."""
    size: int
    """Bytes, with its end."""
    bits: float
    """s, see above."""

    @property
    def bits_per_byte(self) -> float:
        """What lines are compared by: long ones are not odd for being long."""
        return self.bits / self.size


def score_lines(model: Model, data: bytes) -> list[Line]:
    """The lines of `data`, the most surprising first; of equals, the first in the file first.

    Lines end at line feeds; a last line without one is read as if it had it. Raises ModelError as
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
    """The surprisal of each line after those just before it, in bits."""
    for start in range(0, len(lines), WINDOW):
        known = lines[start - WINDOW : start] if start else lines[WINDOW : 2 * WINDOW]
        read = known + lines[start : start + WINDOW]
        bits = np.concatenate(list(surprisals(model, b"".join(read))))
        yield from _sums(bits, read)[len(known) :].tolist()


def _sums(bits: NDArray[np.float64], lines: list[bytes]) -> NDArray[np.float64]:
    """Of each line's bytes."""
    starts = np.cumsum([0, *map(len, lines[:-1])])
    return np.asarray(np.add.reduceat(bits, starts), dtype=np.float64)
