"""The memory that the model fills while it goes through a segment."""

import contextlib
import copy
import mmap
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arzip.models.bits import mixer
from arzip.models.bits.state import LINE, State, new_state
from arzip.models.network.architectures import Network
from arzip.models.network.output_layer import Lane, copy_lane, new_lane

__all__ = ["Segment", "positions", "table_size"]

MOST_LINES = 1 << 21
MOST_POSITIONS = 1 << 23


class Segment:
    """The model's memory at the start of a segment of n bytes."""

    before: NDArray[np.uint8]
    """What was read before the segment's first byte: its data starts with that."""

    def __init__(
        self,
        fitted: dict[str, NDArray[np.int32]],
        n: int,
        record: int,
        network: Network | None = None,
        *,
        sparse: bool = False,
    ) -> None:
        """`record` is the length of records, or profile.TEXT.

        `sparse` tables take memory where they are written to only, and are slower if they fill.
        """
        self.state = new_state(fitted, mixer.apm_row())
        self.state["record"] = record
        zeros = _sparse_zeros if sparse else np.zeros
        self.table = zeros(table_size(n), dtype=np.uint32)
        self.positions = zeros(positions(n), dtype=np.int32)
        self.lane = new_lane(network) if network else None
        self.state["network"] = network is not None
        self.before = np.zeros(0, dtype=np.uint8)

    def arrays(
        self, data: NDArray[np.uint8]
    ) -> tuple[State, NDArray[np.uint32], NDArray[np.int32], NDArray[np.uint8], Lane | None]:
        """What coding.py works on, `data` among it."""
        return self.state, self.table, self.positions, data, self.lane

    def fits(self, n: int) -> bool:
        """Whether it is what a segment of n bytes, all told, would be given."""
        return (self.table.size, self.positions.size) == (table_size(n), positions(n))

    def fork(self) -> "Segment":
        """A second memory of the same content."""
        fork = copy.copy(self)
        fork.state = self.state.copy()
        fork.table = self.table.copy()
        fork.positions = self.positions.copy()
        fork.lane = copy_lane(self.lane) if self.lane else None
        return fork


def _sparse_zeros(size: int, dtype: type[np.generic]) -> NDArray[Any]:
    """Zeros in pages of 4 KiB, where numpy asks for 2 MiB: those not touched take no memory."""
    memory = mmap.mmap(-1, size * np.dtype(dtype).itemsize)
    if hasattr(mmap, "MADV_NOHUGEPAGE"):
        with contextlib.suppress(OSError):  # of a kernel without large pages
            memory.madvise(mmap.MADV_NOHUGEPAGE)
    return np.frombuffer(memory, dtype=dtype)


def table_size(n: int) -> int:
    """Slots in the table for n bytes: 2 lines a byte, as a power of 2, within bounds; and runs."""
    return 2 * LINE * _room(2 * n, MOST_LINES)


def positions(n: int) -> int:
    """Places in the match expert's table: 1 a byte, as a power of two, within bounds."""
    return _room(n, MOST_POSITIONS)


def _room(n: int, most: int) -> int:
    """A power of 2 that is at least n, within bounds."""
    return min(max(1 << (n - 1).bit_length(), 1 << 10), most)
