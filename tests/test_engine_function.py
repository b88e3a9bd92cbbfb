"""Compiled functions: words in, machine code, words out; and numba where that is not known."""

from typing import Any, NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray

from arzip.engine import compiler, loader, words
from arzip.engine.compiled import compiled, i16, i64, u32, u64
from arzip.engine.function import INTERPRETED
from arzip.engine.words import UnfitError, put_together, spelled, take_apart

pytestmark = pytest.mark.skipif(INTERPRETED, reason="nothing is compiled")

RECORD = np.dtype([("small", np.uint8), ("large", np.int64, (2, 3))], align=True)


class Inner(NamedTuple):
    left: NDArray[np.int16]
    right: NDArray[np.uint64]


class Outer(NamedTuple):
    inner: Inner
    grid: NDArray[np.float64]


@compiled
def visit(
    record: Any, records: NDArray[np.void], outer: Outer, nothing: None, n: int, x: float, yes: bool
) -> tuple[int, int, float, bool, int]:
    """Read and write every kind of argument."""
    record.small += 1
    record.large[1, 2] += n
    records[1].large[0, 0] = record.large[1, 2]
    outer.inner.left[2] = i16(-7)
    if nothing is None:
        outer.grid[1, 0] = x * outer.grid[0, 1]
    total = u64(0)
    for value in outer.inner.right:
        total += value
    return record.small, total, outer.grid[1, 0], not yes, n


def test_every_kind_of_argument_and_result() -> None:
    record, records = np.zeros(1, RECORD)[0], np.zeros(2, RECORD)
    outer = Outer(
        Inner(np.arange(5, dtype=np.int16), np.array([1 << 63, 5], dtype=np.uint64)),
        np.arange(4, dtype=np.float64).reshape(2, 2),
    )
    found = visit(record, records, outer, None, -3, 2.5, True)
    assert found == (1, (1 << 63) + 5, 2.5, False, -3)
    assert [type(part) for part in found] == [int, int, float, bool, int]
    assert record["large"].tolist() == [[0, 0, 0], [0, 0, -3]]
    assert records["large"][1, 0, 0] == -3
    assert outer.inner.left.tolist() == [0, 1, -7, 3, 4]
    assert visit(record, records, outer, None, 1 << 40, -1.0, False)[0] == 2


@compiled
def double(n: int) -> int:
    """What its argument's type makes of it."""
    return n + n


def test_numbers_keep_their_types() -> None:
    assert double(-4) == -8
    assert double(u64(1 << 62)) == 1 << 63
    assert double(i64(1 << 62)) == -(1 << 63)
    assert double(0.25) == 0.5
    assert double(u32(3_000_000_000)) in (6_000_000_000, 6_000_000_000 % (1 << 32))


@compiled
def total(values: NDArray[np.int64]) -> int:
    """The sum, and nothing written."""
    found = 0
    for value in values:
        found += value
    return found


def test_arrays_of_every_state() -> None:
    values = np.arange(10)
    assert total(values) == 45
    assert total(values[:0]) == 0
    assert total(values[::2]) == 20  # by numba itself
    values.flags.writeable = False
    assert total(values) == 45
    assert total(np.arange(10, dtype=np.uint8)) == 45


@compiled
def nothing(values: NDArray[np.int64]) -> None:
    """Only write."""
    values[:] = 7


def test_no_result() -> None:
    values = np.zeros(3, dtype=np.int64)
    assert nothing(values) is None
    assert values.tolist() == [7, 7, 7]


@compiled
def same(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """A result that is no word."""
    return values


def test_what_no_words_can_hold_is_left_to_numba() -> None:
    assert same(np.arange(3)).tolist() == [0, 1, 2]


@pytest.mark.parametrize("error", [AttributeError, ImportError, TypeError, NotImplementedError])
def test_another_numba(monkeypatch: pytest.MonkeyPatch, error: type[Exception]) -> None:
    """One whose inside is not as it is known here calls the function itself."""

    @compiled
    def twice(n: int) -> int:
        return 2 * n

    def fail(*arguments: object) -> None:
        raise error("changed")

    monkeypatch.setattr(compiler, "_write_entry", fail)
    assert twice(21) == 42


def test_another_llvm(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that does not load the object file leaves that to numba."""

    @compiled
    def twice(n: int) -> int:
        return 2 * n

    def fail(code: bytes, symbol: str) -> int:
        raise loader.NotLoadedError("changed")

    monkeypatch.setattr(loader, "load", fail)
    assert twice(21) == 42


def test_machine_code_asks_nothing_of_numba() -> None:
    """Arrays of its own would have to be counted and freed: there are none."""

    @compiled
    def make(n: int) -> int:
        return int(np.zeros(n).size)

    with pytest.raises(Exception, match="nopython"):
        make(3)


def test_kinds_are_told_apart() -> None:
    class Other(NamedTuple):
        left: Any
        right: Any

    array = np.zeros(3, dtype=np.int32)
    fixed = array.copy()
    fixed.flags.writeable = False
    values = [
        0, 0.0, False, None, u32(0), u64(0), array, fixed, array.astype(np.uint32),
        array.reshape(3, 1), np.zeros(3, RECORD), np.zeros(1, RECORD)[0],
        Inner(array, array), Inner(array, fixed), Other(array, array),
    ]  # fmt: skip
    kinds = [take_apart([value])[0] for value in values]
    assert len(set(kinds)) == len({spelled(kind) for kind in kinds}) == len(values)
    assert take_apart([7])[0] == take_apart([-8])[0]
    for unfit in ("text", [1], array[::2], 1 << 63, np.float32(1), object()):
        with pytest.raises(UnfitError):
            take_apart([unfit])


def test_words() -> None:
    array = np.zeros((3, 5), dtype=np.int32)
    _, found = take_apart([True, -1, None, array, 1.0])
    assert found == [1, -1, array.ctypes.data, 3, 5, 0x3FF0000000000000]
    parts = [3, (1 << 64) - 1, (1 << 64) - 1, 0x3FF0000000000000]
    assert put_together(parts, ["?", "q", "Q", "d"], is_tuple=True) == (
        True,
        -1,
        (1 << 64) - 1,
        1.0,
    )
    assert words.put_together([5], ["q"], is_tuple=False) == 5
    assert words.put_together([5], ["q"], is_tuple=True) == (5,)
    assert words.put_together([], [], is_tuple=False) is None
