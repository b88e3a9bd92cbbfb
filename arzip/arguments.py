"""What callers give to public functions, checked: each error is one line that names the argument.

A wrong type is a TypeError and a wrong value a ValueError, as in the standard library.
"""

import numbers
import operator

TYPE_CHECKING = False  # typing takes longer to import than all of this
if TYPE_CHECKING:
    from typing import SupportsIndex

    from _typeshed import ReadableBuffer

__all__ = ["real", "text_bytes", "whole", "whole_or_none"]


def whole(name: str, value: "SupportsIndex", least: int, most: int | None = None) -> int:
    """A whole number of any type, from `least` to `most`. Raises TypeError, ValueError."""
    try:
        number = operator.index(value)
    except TypeError:
        said = f"{name} must be a whole number, not {type(value).__name__}"
        raise TypeError(said) from None
    if number < least or (most is not None and number > most):
        bounds = f"{least} or more" if most is None else f"{least} to {most}"
        raise ValueError(f"{name} is {number}: it must be {bounds}")
    return number


def whole_or_none(
    name: str, value: "SupportsIndex | None", least: int, most: int | None = None
) -> int | None:
    """The same, or None for what is left to a default. Raises TypeError, ValueError."""
    return None if value is None else whole(name, value, least, most)


def real(name: str, value: float) -> float:
    """A real number of any type. Raises TypeError."""
    if not isinstance(value, numbers.Real):
        raise TypeError(f"{name} must be a real number, not {type(value).__name__}")
    return float(value)


def text_bytes(name: str, data: "str | ReadableBuffer") -> bytes:
    """The bytes of a bytes-like object, or of a text in UTF-8.

    Raises TypeError, and ValueError (UnicodeEncodeError) for a text that has none.
    """
    if isinstance(data, str):
        return data.encode()
    try:
        return memoryview(data).tobytes()
    except TypeError:
        said = f"{name} must be str or bytes-like, not {type(data).__name__}"
        raise TypeError(said) from None
