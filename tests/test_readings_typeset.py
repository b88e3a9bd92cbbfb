"""Typeset text: found, and read by the words that it shows."""

import golden
import numpy as np
import pytest

from arzip import readings
from arzip.models.bits import mixer
from arzip.models.bits.state import new_state, read_by
from arzip.readings import Chosen, finding, moves, typeset
from arzip.readings.guesses import NONE
from arzip.readings.reading import State

PAGES = golden.inputs()["pages"]
READING = Chosen(typeset.READING, ())


def array(data: bytes) -> "np.ndarray[tuple[int], np.dtype[np.uint8]]":
    return np.frombuffer(data, dtype=np.uint8)


def before() -> State:
    """Return the state before the first byte."""
    state = new_state(mixer.apm_row())
    read_by(state, READING.reading, READING.which, READING.numbers)
    return state


def after(text: bytes) -> State:
    """Return the state after some text, whose contexts are set."""
    state = before()
    data = array(text + bytes(1)).copy()
    for k, byte in enumerate(text):
        if k:
            readings.set_contexts(state, data)
        readings.observe(state, byte)
    readings.set_contexts(state, data)
    return state


def words(text: bytes) -> list[int]:
    return [int(word) for word in after(text)["word"]]


def heard(text: bytes) -> bytes:
    """Return what a network hears."""
    state = before()
    found = bytearray()
    for byte in text:
        readings.observe(state, byte)
        left = int(state["heard"])
        while left > 1:
            found.append(left & 255)
            left >>= 8
    return bytes(found)


def expected(text: bytes) -> set[str]:
    """Return the bytes that are expected next."""
    return {chr(byte) for byte in after(text)["guesses"].tolist() if byte != NONE}


@pytest.mark.parametrize("around", [b"", b"plain words, as they come. " * 400])
def test_pages_are_found(around: bytes) -> None:
    spans = finding.find(array(around + PAGES + around))
    names = [span.chosen.reading.name for span in spans]
    assert names.count("typeset") == 1
    size = spans[names.index("typeset")].size
    assert abs(size - len(PAGES)) <= 2 * 4096


def test_a_short_page_is_found_and_words_about_it_are_not() -> None:
    page = b"BT /F1 9 Tf 72 700 Td (One)Tj 0 -12 Td (two)Tj 0 -12 Td (three)Tj ET\n"
    assert finding.find(array(page))[0].chosen == READING
    told = b"Strings are shown by TJ and Tj; TJ takes a list. " * 90
    assert finding.find(array(told))[0].chosen != READING


def test_models_without_a_network_read_pages_otherwise() -> None:
    names = {span.chosen.reading.name for span in finding.find(array(PAGES), wide=False)}
    assert "typeset" not in names


@pytest.mark.parametrize(
    "text",
    [
        b"[(some)-333(typeset)",
        b"[(some)-333(typ)-28(eset)",
        b"[(some)-333(Typ)-28.5(e)1(set)",
        b"(some)Tj 10 -12 Td (typeset)",
        b"(some typ)Tj 12.5 0 Td (eset)",
        b"[(some)-333(t\\171peset)",
    ],
)
def test_words_go_on_across_kerns(text: bytes) -> None:
    assert words(text)[:2] == words(b"(some typeset)")[:2]
    assert words(text)[0] != 0


@pytest.mark.parametrize("text", [b"<0056004C>-9<005d>", b"[<0056>3<004c005D>"])
def test_words_of_hexadecimal_digits_do_too(text: bytes) -> None:
    assert words(text)[0] == words(b"<0056004C005D>")[0] != words(b"<0056004C>")[0]
    assert words(b"[<05>3<12>-3<06>")[0] == words(b"[<051206>")[0] != 0


def test_a_network_hears_the_words() -> None:
    shown = b"BT /F1 9 Tf 72 700 Td [(The)-333(de)1(\\014nition)]TJ 0 -12 Td (of \\(it\\))Tj"
    assert heard(shown) == b" The definition of (it)"
    assert heard(b"<0056004C005D> Tj /MCID 3 >>") == b""
    assert heard(b"(o\\013er, \\036)") == b"offer, ffi"


def test_the_same_words_are_expected_again() -> None:
    line = b"[(the)-310(same)-310(w)28(ords)]TJ "
    assert "d" in expected(line + b"[(the)-297(same)-298(w)28(or")
    assert ")" in expected(line + b"[(the)-297(same)-298(w")


def test_a_pen_goes_back_to_where_its_line_began() -> None:
    moved = b"BT 72 700 Td (a)Tj 0 -12 Td (b)Tj 94.788 0 Td (c)Tj 49.454 0 Td (d)Tj "
    for k, byte in enumerate("-144.242 "):
        assert byte in expected(moved + b"-144.242 "[:k])


def test_a_number_goes_on_as_it_did_or_is_taken_back() -> None:
    counted = b"".join(b"/P <</MCID %d >> BDC (x)Tj " % k for k in range(7, 10))
    assert "1" in expected(counted + b"/P <</MCID ") and "0" in expected(counted + b"/P <</MCID 1")
    taken = b"1 0 0 1 39.5 50.36 cm 0 g 1 0 0 1 -39.5 "
    for k, byte in enumerate("-50.36 "):
        assert byte in expected(taken + b"-50.36 "[:k])


@pytest.mark.parametrize(("amount", "text"), [(0, "0"), (-(10**8), "-1"), (25 * 10**6, ".25")])
def test_numbers_are_written_as_they_were(amount: int, text: str) -> None:
    state = new_state(mixer.apm_row())
    state["pen"][0] = -amount
    moves.begin(state, 0, 0)
    for byte in text + " ":
        assert moves.expected(state, 0) == ord(byte)
        moves.read(state, ord(byte))


def test_a_string_that_was_none_ends_with_its_line() -> None:
    """Between pages there may be anything."""
    assert words(b"x\x9c(((\n<0056004C>") == words(b"<0056004C>")


def test_nothing_upsets_it() -> None:
    """Strings without end, numbers without end, brackets in brackets, other data."""
    rng = np.random.default_rng(7)
    noise = rng.integers(0, 256, 3000).astype(np.uint8).tobytes()
    odd = rng.choice(np.frombuffer(b"()<>[]\\/ .-0159aT\n", dtype=np.uint8), 4000).tobytes()
    for text in noise, odd, b"(" * 999, b"<" + b"1" * 999, b"9" * 999 + b" Td ", b"-." * 500 + b" ":
        after(text)
