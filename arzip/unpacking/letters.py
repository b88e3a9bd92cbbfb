"""Binary data in letters: base64, as in mail, notebooks, pages and keys; and made again.

What is inside may be a picture or an archive, of which the letters show nothing. A run is of one
line, or of lines of one length with one kind of break between them, but for the last one.
"""

import base64
import re
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from arzip.histogram import histogram

__all__ = ["BREAKS", "Run", "letters_of", "runs", "size_of"]

BREAKS = (b"\n", b"\r\n", b"\\n", b"\n ", b"\r\n ", b"\\r\\n", b"\n\t", b"\r\n\t")
"""What is between lines: ends of them, also as JSON spells them, or lines that are folded."""

LEAST = 128
"""Letters of a run that is worth its words."""

_LETTER = rb"[A-Za-z0-9+/]"
_RUN = re.compile(
    rb"(%b{%d,})(?:(%b)%b+(?:\2%b+)*)?={0,2}"
    % (_LETTER, LEAST // 2, b"|".join(map(re.escape, BREAKS[::-1])), _LETTER, _LETTER)
)
_LOOK = 1 << 12  # letters by which it is told from other words
_CAPITALS, _SMALL, _DIGITS, _KINDS = 0.1, 0.1, 0.02, 24  # least shares of them; different letters


class Run(NamedTuple):
    """Where letters are, and what they stand for."""

    start: int
    end: int
    plain: bytes
    line: int
    """Letters of a line; 0 if there is one line only."""
    kind: int
    """Which of BREAKS is between lines."""


def runs(data: bytes) -> list[Run]:
    """Return the runs in some data, from front to back."""
    found = (_run(data, match) for match in _RUN.finditer(data))
    return [run for run in found if run]


def _run(data: bytes, match: re.Match[bytes]) -> Run | None:
    """Return what can be made again of a match; None if that is too little."""
    first, between = match.groups()
    line = len(first) if between else 0
    kind = BREAKS.index(between) if between else 0
    lines = match[0].split(between) if between else [match[0]]
    letters = bytearray()
    for part in lines:
        letters += part
        if len(part) != line:  # the last one
            break
    whole = len(letters) // 4 * 4
    for count in (whole, whole - 4):
        if count < LEAST or not _is_likely(letters[:_LOOK]):
            return None
        try:
            plain = base64.b64decode(letters[:count], validate=True)
        except ValueError:
            continue
        made = letters_of(plain, line, kind)
        if data.startswith(made, match.start()):
            return Run(match.start(), match.start() + len(made), plain, line, kind)
    return None


def _is_likely(letters: bytearray) -> bool:
    """Return whether these are letters of all kinds, as words and the bases of DNA are not."""
    counts: NDArray[np.int64] = histogram(letters)
    capitals, small, digits = (
        counts[first : last + 1].sum() for first, last in (b"AZ", b"az", b"09")
    )
    return bool(
        capitals >= _CAPITALS * len(letters)
        and small >= _SMALL * len(letters)
        and digits >= _DIGITS * len(letters)
        and np.count_nonzero(counts) >= _KINDS
    )


def size_of(n: int, line: int, kind: int) -> int:
    """Return the bytes of the letters and breaks of n bytes."""
    letters = -(-n // 3) * 4
    breaks = (letters - 1) // line if line and letters else 0
    return letters + breaks * len(BREAKS[kind])


def letters_of(plain: bytes, line: int, kind: int) -> bytes:
    """Return bytes in letters, with breaks between lines."""
    letters = base64.b64encode(plain)
    count = (len(letters) - 1) // line if line and letters else 0  # lines with a break behind
    if not count:
        return letters
    between = np.frombuffer(BREAKS[kind], dtype=np.uint8)
    lines = np.empty((count, line + between.size), dtype=np.uint8)
    lines[:, :line] = np.frombuffer(letters, dtype=np.uint8)[: count * line].reshape(count, line)
    lines[:, line:] = between
    return lines.tobytes() + letters[count * line :]
