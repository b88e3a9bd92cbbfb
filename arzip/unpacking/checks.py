"""The checks and sizes beside a stream: they follow from its plain text, so they are not told."""

import struct
import zlib

import numpy as np
from numpy.typing import NDArray

__all__ = ["BEHIND", "adler", "check_and_size", "zip_numbers"]

BEHIND = b"PK\x07\x08"
"""What the numbers of a ZIP file's member begin with where they stand behind it."""


def adler(plain: NDArray[np.uint8]) -> bytes:
    """Return what zlib has behind a stream."""
    return struct.pack(">I", zlib.adler32(plain.data))


def check_and_size(plain: NDArray[np.uint8]) -> bytes:
    """Return what gzip has behind a stream."""
    return struct.pack("<II", zlib.crc32(plain.data), plain.size)


def zip_numbers(plain: NDArray[np.uint8], packed: int) -> bytes:
    """Return what ZIP has of a stream of `packed` bytes: its check, and both sizes."""
    return struct.pack("<III", zlib.crc32(plain.data), packed, plain.size)
