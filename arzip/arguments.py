"""What callers give to public functions, checked: each error is one line that names the argument.

A wrong type is a TypeError and a wrong value a ValueError, as in the standard library.
"""

import numbers
import operator

TYPE_CHECKING = False  # typing takes longer to import than all of this
if TYPE_CHECKING:
    from typing import SupportsIndex

    from _typeshed import ReadableBuffer

__all__ = ["as_view", "buffer", "real", "text_bytes", "whole", "whole_or_none"]


def whole(name: str, value: "SupportsIndex", least: int, most: int | None = None) -> int:
    """Return a whole number of any type, from `least` to `most`. Raises TypeError, ValueError."""
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
    """Return the same; None, which asks for a default, stays None. Raises TypeError, ValueError."""
    return None if value is None else whole(name, value, least, most)


def real(name: str, value: float) -> float:
    """Return a real number of any type as a float. Raises TypeError."""
    if not isinstance(value, numbers.Real):
        raise TypeError(f"{name} must be a real number, not {type(value).__name__}")
    return float(value)


def text_bytes(name: str, data: "str | ReadableBuffer") -> bytes:
    """Return the bytes of a bytes-like object, or a text in UTF-8.

    Raises TypeError, and ValueError (UnicodeEncodeError) for a text that UTF-8 cannot express.
    """
    if isinstance(data, str):
        return data.encode()
    try:
        return memoryview(data).tobytes()
    except TypeError:
        said = f"{name} must be str or bytes-like, not {type(data).__name__}"
        raise TypeError(said) from None


def buffer(data: "ReadableBuffer") -> memoryview:
    """Return any bytes-like object as it is. Raises TypeError for others, such as str."""
    try:
        return memoryview(data)
    except TypeError:
        kind = type(data).__name__
        raise TypeError(f"a bytes-like object is required, not {kind!r}") from None


def as_view(data: "ReadableBuffer") -> memoryview:
    """Return any bytes-like object as a row of bytes. Raises TypeError for others, such as str."""
    view = buffer(data)
    if view.contiguous and view.ndim == 1 and view.format == "B":
        return view
    return memoryview(view.tobytes())
