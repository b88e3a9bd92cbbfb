"""Where the files in a tar archive begin and end: each may be of another kind.

A header is a block of 512 bytes: the size in octal digits at 124, the sum of all its bytes at 148,
counted as if that were spaces, and "ustar" at 257. The file follows in whole blocks.
"""

import itertools
import re

import numpy as np
from numpy.typing import NDArray

__all__ = ["parts"]

_BLOCK = 512
_SIZE, _SUM, _MAGIC = slice(124, 136), slice(148, 156), 257
_LEAST = 1 << 14  # bytes of a file that is a part of its own


def parts(data: NDArray[np.uint8]) -> list[tuple[int, int]]:
    """Return where to cut the data, as (start, end): around large files in archives, or nowhere."""
    cuts = [0]
    for magic in re.finditer(b"ustar", data.data):
        header = magic.start() - _MAGIC
        if header < cuts[-1]:
            continue  # within a file, or too near to the front
        start = header + _BLOCK
        end = min(start + _size(data[header:start].tobytes()), data.size)
        if end - start >= _LEAST:
            cuts += [start, end]
    cuts.append(data.size)
    return [(start, end) for start, end in itertools.pairwise(cuts) if start < end]


def _size(header: bytes) -> int:
    """Return the size that a header claims, 0 if it is none."""
    try:
        size, total = (int(header[part].strip(b" \0") or b"0", 8) for part in (_SIZE, _SUM))
    except ValueError:
        return 0
    spaces = header[: _SUM.start] + b" " * 8 + header[_SUM.stop :]
    return size if len(header) == _BLOCK and sum(spaces) == total else 0
