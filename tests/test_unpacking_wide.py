"""Text in UTF-16: found wherever it is, taken for nothing else, and always brought back."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import arzip
from arzip.errors import FormatError
from arzip.unpacking import wide
from arzip.unpacking.wide import Run

PROSE = "Il était une fois, in two bytes a letter: words,\r\nlines and more.\r\n" * 40
RUSSIAN = "Всё смешалось в доме: слова и строки.\n" * 40
CHINESE = "道可道\uff0c非常道。名可名\uff0c非常名。\n" * 80
NOISE = np.random.default_rng(0).bytes(5000).replace(b"\0", b"\1")


def runs(data: bytes) -> list[Run]:
    return wide.runs(np.frombuffer(data, dtype=np.uint8))


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("text", [PROSE, RUSSIAN, "\ufeff" + CHINESE], ids=["Latin", "ru", "zh"])
@pytest.mark.parametrize("before", [b"", NOISE, NOISE[:777]], ids=len)
def test_found(codec: str, text: str, before: bytes) -> None:
    """Latin text behind a byte that might be a letter may be read in both orders."""
    before = b"" if text.endswith(CHINESE) else before  # which shows by its mark alone
    data = before + text.encode(codec)
    (run,) = runs(data + NOISE)
    assert run.high_first == (codec == "utf-16-be") or (before and text == PROSE)
    assert run.start >= len(before) - 1 and run.end <= len(data) + 2
    assert run.end - run.start >= 0.95 * (len(data) - len(before))
    made = wide.wide_of(wide.text_of(data + NOISE, run), run.high_first)
    assert made == (data + NOISE)[run.start : run.end]


def test_other_data_is_none() -> None:
    numbers = np.arange(8000) % 3000
    tables = [numbers.astype(dtype).tobytes() for dtype in ("<u2", ">u2", "<i4", "<i8", "<f8")]
    steps = np.random.default_rng(1).integers(0, 128, 9000)
    tables += [steps.astype("<u2").tobytes(), steps.astype(">u2").tobytes(), (-steps).tobytes()]
    short = PROSE[: wide.LEAST // 2 - 10].encode("utf-16-le")
    for data in (*tables, short, PROSE.encode(), CHINESE.encode(), bytes(9000), NOISE, b"", b"a"):
        assert runs(data) == []


def test_half_a_character_is_left() -> None:
    broken = PROSE.encode("utf-16-le") + b"\x3d\xd8 \0" + PROSE.encode("utf-16-le")
    for run in runs(broken):
        assert wide.wide_of(wide.text_of(broken, run), False) == broken[run.start : run.end]


@pytest.mark.parametrize("text", [PROSE, RUSSIAN, "\ufeff" + CHINESE])
def test_it_takes_what_utf_8_takes(text: str) -> None:
    data = text.encode("utf-16-le")
    packed = arzip.compress(data, 3)
    assert arzip.decompress(packed) == data
    assert len(packed) < len(arzip.compress(text.encode(), 3)) + 20


@given(st.lists(st.sampled_from([PROSE, RUSSIAN, "\ud800", "\0", "😀" * 200, "\ufeff", "x"])))
def test_all_comes_back(parts: list[str]) -> None:
    data = "".join(parts).encode("utf-16-le", "surrogatepass") + b"x" * len(parts)
    assert arzip.decompress(arzip.compress(data, 1)) == data


def test_no_utf_8_is_refused() -> None:
    with pytest.raises(FormatError, match="UTF-8"):
        wide.wide_of(b"ab\xff", False)
    with pytest.raises(FormatError, match="UTF-8"):
        wide.wide_of("\ud800".encode("utf-8", "surrogatepass"), True)


def test_many_runs_take_no_longer() -> None:
    """A run is compared with its neighbours, not with all others."""
    one = PROSE[:600].encode("utf-16-le") + b"\xff\xff\xff\xff"
    found = runs(one * 4000)
    assert len(found) == 4000
    assert [run.start for run in found] == [len(one) * k for k in range(4000)]
