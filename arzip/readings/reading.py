"""What a reading is: one way to read bytes, and with it the contexts of the next one."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["CONTEXTS", "Field", "Found", "Reading", "State"]

CONTEXTS = 19
"""How many contexts are looked up for each byte."""

State = Any
"""A model's state, of models/bits/state.py: numba's types are not Python's."""

Field = tuple[str, type[np.generic]] | tuple[str, type[np.generic], int]
"""A field of the state: its name, its type, and its length if it is an array."""


Found = tuple[int, int, int]
"""A part of some data: where it starts, its size, and the number of the reading that suits it."""


@dataclass(frozen=True)
class Reading:
    """A way to read bytes."""

    name: str
    bank: str
    """The name of the fitted weights to begin with: its own, or those of a similar reading."""
    numbers: range
    """The numbers that may go with it, such as the lengths of records."""
    find: Callable[[NDArray[np.uint8]], list[Found]]
    """Return the parts of these bytes that it suits, from front to back.

    Only an encoder asks: the file tells the decoder.
    """
    fields: tuple[Field, ...]
    """What it remembers, as fields of the state."""
    observe: Callable[[State, int], None]
    """Take in the byte that came last, number state.position - 1. Compiled."""
    set_contexts: Callable[[State, NDArray[np.uint8]], None]
    """Set state.hashes[past.SHARED:] for the byte at data[state.position]. Compiled."""
    transform: Callable[[NDArray[np.uint8]], None] | None = None
    """Change a span's bytes, in place, to those that are predicted. Compiled."""
    undo: Callable[[NDArray[np.uint8]], None] | None = None
    """Change them back. What precedes a missing end comes back, up to some bytes. Compiled."""
