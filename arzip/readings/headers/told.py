"""What a header tells of the numbers behind it."""

from typing import NamedTuple

from arzip.arrays import Array

__all__ = ["Told"]


class Told(NamedTuple):
    """Numbers in a file: the pixels of a picture, sound, or an array."""

    start: int
    size: int
    """Bytes, as far as the header claims."""
    array: Array
    is_upward: bool = False
    """Whether the lowest row of a picture comes first."""

    @property
    def is_picture(self) -> bool:
        """Whether these are pixels with a byte for each colour."""
        return self.array.item == 1 and self.array.row > 0
