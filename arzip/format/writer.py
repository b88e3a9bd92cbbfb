"""Frames written: a compact one at once, a long one as its segments come."""

from xxhash import xxh64

from arzip import codec
from arzip.codec import UNPACKED, Coded
from arzip.errors import LimitError
from arzip.format.layout import (
    CHECK,
    CHECKS,
    END,
    LONG,
    MAGIC,
    MAX_INDEX,
    TRAILER,
    VERSION,
    check_of,
    varint,
)

__all__ = ["FrameWriter", "compact_frame"]


def compact_frame(identity: bytes, coded: Coded, data: bytes | bytearray) -> bytes:
    """Return the frame of one segment: `data`, coded with the model of that identity."""
    kind = bytes([VERSION << 4 | coded.method])
    header = MAGIC + kind + (identity if codec.needs_model(coded.method) else b"")
    header += _lengths(coded, len(data))
    check = CHECK.pack(check_of(header, coded.payload, data))
    return b"".join([header, coded.payload, check])


class FrameWriter:
    """Makes a long frame: first its `header`, then each `segment`, then `finish`."""

    def __init__(self, identity: bytes) -> None:
        self._identity = identity
        self._entries = bytearray()  # of the index
        self._count = 0
        self._content = xxh64()

    def header(self) -> bytes:
        """Return the first bytes of the frame."""
        header = MAGIC + bytes([VERSION << 4 | LONG]) + self._identity
        return header + CHECK.pack(check_of(header))

    def segment(self, coded: Coded, data: bytes | bytearray) -> bytes:
        """Return the bytes of the next segment: `data`, 1 to MAX_SEGMENT bytes, coded."""
        header = bytes([coded.method]) + _lengths(coded, len(data))
        self._entries += header
        self._count += 1
        self._content.update(data)
        checks = CHECKS.pack(check_of(header, coded.payload), check_of(data))
        return b"".join([header, coded.payload, checks])

    def finish(self) -> bytes:
        """Return the last bytes of the frame. Raises LimitError if its index is too large."""
        index = varint(self._count) + bytes(self._entries)
        if len(index) > MAX_INDEX:
            raise LimitError("too many segments for one frame: use larger segments")
        trailer = TRAILER.pack(len(index), check_of(index), self._content.intdigest())
        return bytes([END]) + index + trailer


def _found(coded: Coded) -> bytes:
    bits = sum(1 << k for k, kind in enumerate(codec.KINDS) if kind in coded.found)
    return varint(bits) + b"".join(
        varint(coded.found[kind]) for kind in codec.KINDS if kind in coded.found
    )


def _lengths(coded: Coded, size: int) -> bytes:
    lengths = varint(size)
    if coded.method == UNPACKED:
        lengths += varint(coded.plain_size) + _found(coded)
    return lengths + (varint(len(coded.payload)) if codec.needs_model(coded.method) else b"")
