"""A model's predictions in other forms than a file: what sampling and inspection ask for.

`protocol` says what that is. A predictor has compiled shortcuts to it (`session`): all 256
conditionals at once (`lookahead`), the likeliest bytes (`search`), bytes drawn by dice (`draw`).
Any other model's session gives the same byte by byte (`stepwise`). Both answer alike, to the bit.
"""

from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from arzip.codec import Model
from arzip.models.explore.protocol import Explorer
from arzip.models.explore.stepwise import Stepwise
from arzip.readings import TEXT, Chosen

__all__ = ["explorer"]


@runtime_checkable
class _Explored(Protocol):
    def explorer(self, size: int, reading: Chosen) -> Explorer: ...

    def prevailing(self, data: NDArray[np.uint8]) -> Chosen: ...


def explorer(model: Model, size: int, data: NDArray[np.uint8] | None = None) -> Explorer:
    """Return a fresh start of `model` for about `size` bytes, read as text or as suits the data."""
    if isinstance(model, _Explored):
        return model.explorer(size, TEXT if data is None else model.prevailing(data))
    return Stepwise(model.session())
