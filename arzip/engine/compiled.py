"""How the loops over bytes are compiled: by numba, exactly, once for each machine."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np

from arzip.engine.function import INTERPRETED, Compiled

__all__ = ["compiled", "i16", "i32", "i64", "u16", "u32", "u64"]

# Arithmetic's widths in view. To Python's type checker they are what numba makes of them: integers.
i16: Any = np.int16
u16: Any = np.uint16
u32: Any = np.uint32
u64: Any = np.uint64
i32: Any = np.int32
i64: Any = np.int64

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function) -> Function:
    """A function that runs as machine code, without the GIL, and keeps its type.

    It takes numbers, contiguous arrays, records, named tuples of these, and None, by position; it
    gives back numbers, or a tuple of them; and it makes no arrays of its own.
    """
    return function if INTERPRETED else cast(Function, Compiled(function))
