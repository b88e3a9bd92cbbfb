"""What a reading is: one way to read bytes, and with it the contexts of the next one."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "BROAD",
    "LEAN",
    "MORE_CONTEXTS",
    "MORE_PHASES",
    "MOST_CONTEXTS",
    "MOST_GUESSES",
    "MOST_HISTOGRAMS",
    "MOST_NUMBERS",
    "MOST_PHASES",
    "MOST_VALUES",
    "USUAL",
    "Field",
    "Found",
    "Numbers",
    "Reading",
    "Size",
    "State",
]

LEAN, USUAL, BROAD = range(3)
"""How broadly a model reads: with the first contexts and phases of some readings, all, or more."""

MOST_CONTEXTS, MOST_PHASES, MOST_NUMBERS = 40, 5, 12
"""That a reading sets, and that go with it."""

MORE_CONTEXTS, MORE_PHASES = 32, 6
"""Of breadth.py, beside these."""

MOST_VALUES, MOST_HISTOGRAMS, MOST_GUESSES = 16, 8, 4
"""That a reading expects."""

State = Any
"""A model's state, of models/bits/state.py: numba's types are not Python's."""

Field = tuple[str, type[np.generic]] | tuple[str, type[np.generic], int | tuple[int, ...]]
"""A field of the state: its name, its type, and its shape if it is an array."""

Numbers = tuple[int, ...]
"""What an encoder has found out, such as the length of records."""

Found = tuple[int, int, Numbers]
"""A part of some data: where it starts, its size, and the numbers that suit it."""


class Size(NamedTuple):
    """How much a reading tells the mixers."""

    contexts: int
    phases: int
    values: int
    histograms: int
    guesses: int
    more: bool = False
    """Whether there are MORE_CONTEXTS and MORE_PHASES as well."""

    @property
    def all_contexts(self) -> int:
        return self.contexts + MORE_CONTEXTS * self.more


@dataclass(frozen=True, kw_only=True)
class Reading:
    """A way to read bytes."""

    name: str
    """Also that of its fitted weights."""
    numbers: tuple[range, ...] = ()
    """What each of its numbers may be."""
    usual: Numbers = ()
    """What they are if nothing else is known."""
    contexts: int
    """How many contexts it sets."""
    phases: int
    """How many phases it sets: each chooses a mixer's row of weights."""
    find: Callable[[NDArray[np.uint8]], list[Found]] | None = None
    """Return the parts of these bytes that it suits, from front to back.

    Only an encoder asks: the file tells the decoder. None if spans.py finds them, by headers.
    """
    fields: tuple[Field, ...]
    """What it remembers, as fields of the state."""
    observe: Callable[[State, int], None] | None = None
    """Take in the byte that came last, number state.position - 1. Compiled. None keeps nothing."""
    set_contexts: Callable[[State, NDArray[np.uint8]], None]
    """Set the contexts and phases of data[state.position]. Compiled.

    These are state.hashes[past.SHARED:], or all where the shared ones say nothing.
    """
    set_bit_contexts: Callable[[State], None] | None = None
    """Set all of state.hashes, before each bit. Compiled. Only what reads by bits has this."""
    transform: Callable[[NDArray[np.uint8], Numbers], None] | None = None
    """Change a span's bytes, in place, to those that are predicted, knowing its numbers."""
    undo: Callable[[NDArray[np.uint8], Numbers], None] | None = None
    """Change them back. What precedes a missing end comes back, up to some bytes."""
    values: int = 0
    """How many values it expects of the number to come: see values.py."""
    histograms: int = 0
    """Of how far bytes were from what it expected, likewise."""
    guesses: int = 0
    """How many bytes it expects, likewise: see guesses.py."""
    with_network: bool = False
    """Whether a model's network may take part. It does not see what is read without it."""
    wide: bool = False
    """Whether it takes so long that an encoder chooses it only beside a network, which does too."""
    lean: tuple[int, int] | None = None
    """How many contexts and phases it has in a model that is to be quick: the first ones."""
    set_more: Callable[[State, NDArray[np.uint8]], None] | None = None
    """Set the contexts and phases that it has in a model which takes the time. Compiled."""

    def size(self, breadth: int = USUAL) -> Size:
        """Return how much it tells the mixers, in a model that reads as broadly."""
        contexts, phases = self.contexts, self.phases
        if breadth == LEAN and self.lean:
            contexts, phases = self.lean
        more = breadth == BROAD and self.set_more is not None
        return Size(contexts, phases, self.values, self.histograms, self.guesses, more)
