"""Machine code of x86 processors: read by instructions, with the places that they name absolute.

What an instruction is made of is in instructions.py, how places become absolute in targets.py.
"""

import numpy as np
from numpy.typing import NDArray

from arzip.readings import alike, breadth, instructions, targets
from arzip.readings.reading import Found, Numbers, Reading

__all__ = ["READING"]

_WINDOW = 1 << 12  # bytes that are looked at together
_CALLS = 8  # in a window of code; among random bytes there is one in four windows
_LEAST = 4  # windows of code, or of something else between


def _find(data: NDArray[np.uint8]) -> list[Found]:
    """Return the parts in which there are calls everywhere."""
    count = data.size // _WINDOW
    if count < _LEAST:
        return []
    calls = np.flatnonzero((data[:-4] & 0xFE) == 0xE8)
    calls = calls[np.isin(data[calls + 4], (0x00, 0xFF))]
    is_code = np.bincount(calls // _WINDOW, minlength=count)[:count] >= _CALLS
    parts: list[tuple[int, int]] = []
    for at in np.flatnonzero(is_code).tolist():
        if parts and at - parts[-1][1] < _LEAST:
            parts[-1] = (parts[-1][0], at + 1)
        else:
            parts.append((at, at + 1))
    found: list[Found] = []
    for first, last in parts:
        start, end = first * _WINDOW, data.size if last == count else last * _WINDOW
        within = calls[(calls >= start) & (calls < end)]
        if last - first >= _LEAST and _is_linked(data, within):
            found.append((start, end - start, ()))
    return found


def _is_linked(data: NDArray[np.uint8], calls: NDArray[np.int64]) -> bool:
    """Return whether clearly fewer targets are called than there are distances to them.

    In programs a fifth to a half; where calls are yet to be filled in, or are none, nearly as many
    or more.
    """
    low, middle, high = (data[calls + k].astype(np.int64) for k in (1, 2, 3))
    distances = low | middle << 8 | high << 16
    targets = (distances + calls) & 0xFFFFFF
    return 4 * np.unique(targets).size < 3 * np.unique(distances).size


def _transform(data: NDArray[np.uint8], numbers: Numbers) -> None:
    targets.make_absolute(data)


def _undo(data: NDArray[np.uint8], numbers: Numbers) -> None:
    targets.make_relative(data)


READING = Reading(
    name="x86",
    contexts=instructions.CONTEXTS,
    phases=3,
    find=_find,
    fields=instructions.FIELDS,
    observe=instructions.observe,
    set_contexts=instructions.set_contexts,
    transform=_transform,
    undo=_undo,
    histograms=alike.HISTOGRAMS,
    lean=(instructions.LEAN_CONTEXTS, 3),
    set_more=breadth.set_more_of_code,
)
