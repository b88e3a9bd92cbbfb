"""How the loops over bytes are compiled: by numba, exactly, once."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

from numba import njit

__all__ = ["compiled"]

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function) -> Function:
    """numba's njit for a function that keeps its type: cached on disk, free of the GIL.

    No fastmath; and integer division never raises, as an exception's path through a function keeps
    LLVM from seeing that the references that it counts cancel out.
    """
    return cast(Function, njit(cache=True, nogil=True, error_model="numpy")(function))
