"""Numbers that go on from one segment into the next: long sound, large pictures and arrays.

Each segment is coded by itself, so the second one of a long WAV file has no header to go by. But
the encoder has seen it, and tells the next segments what the header told of them. A decoder needs
none of it.
"""

import math
from typing import TYPE_CHECKING

from arzip.parts import Part

if TYPE_CHECKING:
    from arzip.arrays import Array

__all__ = ["Numbers"]

_LEAST_SHARE = 0.5  # of a segment that is told of


class Numbers:
    """What is known of a stream's numbers when its next segment is to be coded."""

    def __init__(self, array: "Array | None") -> None:
        """Begin with an array that is all of the stream, if the caller says so."""
        self._array = array
        self._done = 0  # bytes of it in the segments before
        self._size = math.inf if array else 0  # bytes of all of it

    def part(self, data: bytearray, is_last: bool) -> Part | None:
        """Return the part of the next segment that is known; note what goes on behind it.

        Nothing is known if it is too small a share: what else is in the segment then matters more,
        and would not be unpacked.
        """
        size = int(min(self._size - self._done, len(data)))
        part = self._array.part(self._done, size) if self._array and size > 0 else None
        self._done += len(data)
        if self._done >= self._size and not is_last:
            self._look(data)
        return part if part and part.size >= _LEAST_SHARE * len(data) else None

    def _look(self, data: bytearray) -> None:
        """Learn of numbers whose header is in the segment, and whose end is not."""
        import numpy as np

        from arzip.readings import headers

        found = headers.unfinished(np.frombuffer(data, dtype=np.uint8))
        self._array, self._done, self._size = found or (None, 0, 0)
