"""What callers give is checked: a wrong type is a TypeError, a wrong value a ValueError."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from arzip import arguments


def test_whole_numbers_of_any_type() -> None:
    for value in (3, np.int64(3), np.uint8(3)):
        number = arguments.whole("n", value, 0)
        assert (number, type(number)) == (3, int)
    assert arguments.whole("n", 0, 0, 0) == 0


@pytest.mark.parametrize("value", [2.5, 2.0, "2", None, b"2", [2]])
def test_what_is_no_whole_number(value: object) -> None:
    with pytest.raises(TypeError, match=f"^n must be a whole number, not {type(value).__name__}$"):
        arguments.whole("n", value, 0)  # type: ignore[arg-type]


def test_what_is_out_of_range() -> None:
    with pytest.raises(ValueError, match=r"^n is -1: it must be 0 or more$"):
        arguments.whole("n", -1, 0)
    with pytest.raises(ValueError, match=r"^n is 10: it must be 1 to 9$"):
        arguments.whole("n", 10, 1, 9)


def test_what_may_be_left_out() -> None:
    assert arguments.whole_or_none("n", None, 0) is None
    assert arguments.whole_or_none("n", 5, 0) == 5
    with pytest.raises(ValueError, match="n is -5"):
        arguments.whole_or_none("n", -5, 0)


def test_real_numbers_of_any_type() -> None:
    for value in (0.5, np.float32(0.5), Fraction(1, 2)):
        number = arguments.real("x", value)  # type: ignore[arg-type]
        assert (number, type(number)) == (0.5, float)
    assert arguments.real("x", 1) == 1.0
    with pytest.raises(TypeError, match=r"^x must be a real number, not str$"):
        arguments.real("x", "0.5")  # type: ignore[arg-type]


def test_text_is_taken_as_utf_8() -> None:
    assert arguments.text_bytes("data", "où") == "où".encode()
    given: list[Any] = [b"ab", bytearray(b"ab"), memoryview(b"axb")[::2], np.array([1, 2])[:0]]
    for data in given:
        taken = arguments.text_bytes("data", data)
        assert (taken, type(taken)) == (memoryview(data).tobytes(), bytes)


@pytest.mark.parametrize("data", [5, None, Path("x"), ["a"]])
def test_what_is_neither_text_nor_bytes(data: object) -> None:
    said = f"^data must be str or bytes-like, not {type(data).__name__}$"
    with pytest.raises(TypeError, match=said):
        arguments.text_bytes("data", data)  # type: ignore[arg-type]


def test_half_a_character_is_no_text() -> None:
    with pytest.raises(ValueError, match="surrogates"):
        arguments.text_bytes("data", "\ud800")
