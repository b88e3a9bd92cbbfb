"""What a segment's bytes are made of, where that is known."""

from typing import NamedTuple

__all__ = ["Part"]


class Part(NamedTuple):
    """Bytes that belong together: a file, or pixels."""

    start: int
    size: int
    pixel: int = 0
    """Bytes of a pixel; 0 if these are no pixels."""
    row: int = 0
    """Bytes of a row of pixels."""
