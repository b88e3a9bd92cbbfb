"""How the loops over bytes are compiled: by numba, exactly, once."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
import numpy as np
from llvmlite import ir
from numba import njit
from numba.core import cgutils, types
from numba.extending import intrinsic
from numpy.typing import NDArray

__all__ = ["compiled", "i16", "i32", "i64", "prefetch", "u16", "u32", "u64"]

# Arithmetic's widths in view. To Python's type checker they are what numba makes of them: integers.
i16: Any = np.int16
u16: Any = np.uint16
u32: Any = np.uint32
u64: Any = np.uint64
i32: Any = np.int32
i64: Any = np.int64

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function) -> Function:
    """numba's njit for a function that keeps its type: cached on disk, free of the GIL.

    No fastmath; and integer division never raises, as an exception's path through a function keeps
    LLVM from seeing that the references that it counts cancel out. Such counts cost as much as
    the work of a small function: one that takes arrays (other than a record's) and is called for
    every bit should call none that takes them, too.
    """
    return cast(Function, njit(cache=True, nogil=True, error_model="numpy")(function))


PREFETCH = "llvm.prefetch.p0"

if numba.config.DISABLE_JIT:  # type: ignore[attr-defined]

    def prefetch(array: NDArray[Any], index: int) -> None:
        """Nothing to be done for an interpreter."""

else:

    @intrinsic
    def prefetch(context: Any, array: Any, index: Any) -> Any:
        """Ask for the cache line of array[index], an array of one dimension, without waiting."""

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            values = context.make_array(signature.args[0])(context, builder, arguments[0])
            place = builder.gep(values.data, [arguments[1]])
            address = builder.bitcast(place, cgutils.voidptr_t)
            word = ir.IntType(32)
            kind = ir.FunctionType(ir.VoidType(), [cgutils.voidptr_t, word, word, word])
            function = builder.module.globals.get(PREFETCH)
            if function is None:
                function = ir.Function(builder.module, kind, PREFETCH)
            read, keep, data_cache = (ir.Constant(word, value) for value in (0, 3, 1))
            builder.call(function, [address, read, keep, data_cache])
            return context.get_dummy_value()

        return types.void(array, types.uint64), generate
