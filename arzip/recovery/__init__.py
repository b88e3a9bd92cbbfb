"""What is left of a damaged file: every segment whose checksum holds, and where the rest was.

Segments are coded each by itself, so damage costs only the segments that it hits. Where an index
is whole, it says where all segments of its frame are and how long the lost ones were. Elsewhere
the file is walked from header to header; after a damaged one it is searched, byte by byte, for
the next place where a checksum holds.

piece.py      what is handed out
walk.py       the way through the file
indices.py    frames whose index is whole
scan.py       what seems to be at a place, going by headers and checks
restorer.py   from a place to its data
salvage.py    the unverified beginning of what is lost
"""

import errno
import os
from collections.abc import Iterator
from typing import IO, TYPE_CHECKING

from arzip.format.locate import Read
from arzip.recovery.piece import Piece
from arzip.recovery.restorer import Restorer
from arzip.recovery.scan import Scan
from arzip.recovery.walk import pieces
from arzip.streams.policy import ModelLike, Policy

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

__all__ = ["Piece", "recover", "recover_file"]

BLOCK = 1 << 12  # bytes that a disk fails to read at a time


def recover(
    data: "ReadableBuffer",
    *,
    model: ModelLike | None = None,
    max_size: int | None = None,
    max_memory: int | None = None,
    unverified: bool = False,
) -> Iterator[Piece]:
    """Yield the pieces of a damaged file in memory; the arguments are those of arzip.decompress.

    With `unverified`, a lost piece comes with what is left of its beginning, which takes decoding
    it up to three times: see salvage.py for how far it is to be trusted. Lost pieces of size 0 are
    damage that cost no data, as in an index. Raises LimitError.
    """
    view = memoryview(data).cast("B")
    scan = Scan(lambda offset, size: bytes(view[offset : offset + size]), len(view))
    policy = Policy(model, max_size, max_memory)
    return pieces(scan, Restorer(scan, policy, unverified=unverified))


def recover_file(
    file: IO[bytes],
    *,
    model: ModelLike | None = None,
    max_size: int | None = None,
    max_memory: int | None = None,
    unverified: bool = False,
) -> Iterator[Piece]:
    """Yield the pieces of a damaged, seekable file; see `recover`.

    What the disk cannot read counts as zeros. Any other OSError is raised.
    """
    scan = Scan(_patient(file), file.seek(0, os.SEEK_END))
    policy = Policy(model, max_size, max_memory)
    return pieces(scan, Restorer(scan, policy, unverified=unverified))


def _patient(file: IO[bytes]) -> Read:
    def read(offset: int, size: int) -> bytes:
        try:
            file.seek(offset)
            return file.read(size)
        except OSError as error:
            if error.errno != errno.EIO:
                raise
        if size <= BLOCK:
            return bytes(size)
        starts = range(offset, offset + size, BLOCK)
        return b"".join(read(start, min(BLOCK, offset + size - start)) for start in starts)

    return read
