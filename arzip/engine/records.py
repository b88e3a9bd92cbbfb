"""Records as compiled functions see them, also where nothing is compiled."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from arzip.engine.function import INTERPRETED

__all__ = ["only_record"]


def only_record(array: NDArray[np.void]) -> Any:
    """Return the record of an array of one: its fields are attributes of it, and items."""
    return _Interpreted(array[0]) if INTERPRETED else array[0]


class _Interpreted:
    """A record without numba's compiler, to which a record's fields are attributes."""

    def __init__(self, record: np.void) -> None:
        object.__setattr__(self, "_record", record)

    def __getattr__(self, name: str) -> Any:
        return self._record[name]

    def __setattr__(self, name: str, value: Any) -> None:
        self._record[name] = value

    __getitem__ = __getattr__
    __setitem__ = __setattr__
