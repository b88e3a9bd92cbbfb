"""The decorator of the loops over bytes, which numba compiles once for each machine."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np

from arzip.engine.function import INTERPRETED, Compiled

__all__ = ["compiled", "i16", "i32", "i64", "u8", "u16", "u32", "u64"]

# The arithmetic's widths. Typed as Any, so that a type checker takes their values for int.
i16: Any = np.int16
u8: Any = np.uint8
u16: Any = np.uint16
u32: Any = np.uint32
u64: Any = np.uint64
i32: Any = np.int32
i64: Any = np.int64

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function) -> Function:
    """Return the function as machine code that runs without the GIL.

    Its arguments are positional: numbers, contiguous arrays, numpy's records, named tuples of
    these, and None. Its result is a number, a tuple of numbers, or None. It makes no arrays.
    """
    return function if INTERPRETED else cast(Function, Compiled(function))
