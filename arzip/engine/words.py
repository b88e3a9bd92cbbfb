"""A call as 64-bit words: the arguments of compiled code, and its result.

    number          one word
    record          its address; numpy's records, of one data type
    array           its address, and its shape
    named tuple     its elements, one after the other
    None            no word

The kinds of the arguments decide which machine code of a function is called. They can be compared,
and spelled as text.
"""

import ctypes
import struct
from collections.abc import Hashable, Iterable, Sequence
from typing import Any

import numpy as np

__all__ = ["UnfitError", "put_together", "spelled", "take_apart"]


class UnfitError(Exception):
    """An argument, a function or its result is of a kind that words cannot hold."""


def take_apart(arguments: Iterable[Any]) -> tuple[tuple[Hashable, ...], list[int]]:
    """Return the kind of each argument, and the words of all. Raises UnfitError."""
    words: list[int] = []
    return tuple([_take(argument, words) for argument in arguments]), words


def _take(value: Any, words: list[int]) -> Hashable:
    if isinstance(value, np.ndarray):
        flags = value.flags
        if not (flags.c_contiguous and flags.aligned):
            raise UnfitError("an array that is not contiguous")
        if flags.writeable and value.size:
            words.append(ctypes.addressof(ctypes.c_char.from_buffer(value.data)))
        else:
            words.append(value.ctypes.data)  # the same address, but slower
        words.extend(value.shape)
        return "array", value.dtype, value.ndim, flags.writeable
    if value is None:
        return "none"
    if isinstance(value, np.void):
        words.append(np.frombuffer(value, dtype=np.uint8).ctypes.data)
        return "record", value.dtype
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return "tuple", type(value), tuple([_take(element, words) for element in value])
    if isinstance(value, bool | np.bool_):
        words.append(int(value))
        return "bool"
    if isinstance(value, int) and -(1 << 63) <= value < 1 << 63:
        words.append(value)
        return "int"
    if isinstance(value, np.integer):
        words.append(int(value))
        return "number", value.dtype
    if isinstance(value, float):
        words.extend(struct.unpack("=Q", struct.pack("=d", value)))
        return "float"
    raise UnfitError(f"an argument of type {type(value).__name__}")


def spelled(kind: Hashable) -> str:
    """Return a kind as text: the same in every process, and different for each kind."""
    if isinstance(kind, tuple):
        return f"({' '.join(map(spelled, kind))})"
    if isinstance(kind, type):
        return f"{kind.__module__}.{kind.__qualname__}{getattr(kind, '_fields', '')}"
    return repr(kind)


def put_together(words: Sequence[int], codes: Sequence[str], *, is_tuple: bool) -> Any:
    """Return the result whose parts are in `words`, each with its code in `struct`, or "?"."""
    packed = struct.pack(f"={len(codes)}Q", *words)
    parts = [
        bool(word) if code == "?" else struct.unpack_from(f"={code}", packed, 8 * k)[0]
        for k, (word, code) in enumerate(zip(words, codes, strict=True))
    ]
    return tuple(parts) if is_tuple else parts[0] if parts else None
