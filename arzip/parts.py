"""What a segment's bytes are made of, where that is known."""

from typing import NamedTuple

__all__ = ["Part"]


class Part(NamedTuple):
    """Bytes that belong together: a file, pixels, or numbers."""

    start: int
    size: int
    pixel: int = 0
    """Bytes of a pixel; 0 if these are no pixels."""
    row: int = 0
    """Bytes of a row of pixels."""
    items: tuple[int, str, int, int] | None = None
    """If these are numbers: the bytes of an item, how it is written ("<f", or "" if that is not
    known), channels, items of a row.
    """
