"""Fonts of Type 1: deciphered wherever they are, and always brought back."""

import zlib

import golden
import pytest
from hypothesis import given
from hypothesis import strategies as st

import arzip
from arzip.unpacking import fonts

FONT = golden.inputs()["font"]
BEGIN = FONT.index(b"eexec\n") + 6
END = FONT.index(b"0" * 64)
CIPHER = FONT[BEGIN:END]


def plain(data: bytes) -> list[bytes]:
    return [run.plain for run in fonts.runs(data)]


def test_a_font_is_deciphered_up_to_its_end() -> None:
    (run,) = fonts.runs(FONT)
    assert (run.start, run.end, run.outlines) == (BEGIN, END, True)
    assert run.plain.startswith(b"\0\0\0\0dup /Private") and run.plain.endswith(b"closefile\n")
    assert run.plain.count(b" RD \0\0\0\0\x8b") == 199
    assert fonts.enciphered(run.plain, True) == CIPHER


def test_outlines_may_be_as_they_are() -> None:
    text = b"dup /Private 9 dict dup begin /lenIV -1 def /A 3 RD \x8b\x8b\x0d ND closefile\r\n"
    cipher = fonts.enciphered(text, False)
    assert fonts.runs(b"eexec " + cipher) == [fonts.Run(6, 6 + len(cipher), text, False)]


@pytest.mark.parametrize(
    "data",
    [
        b"%!PS\neexec\n" + CIPHER,
        b"\x80\x01\x06\0\0\0eexec\r\x80\x02" + len(CIPHER).to_bytes(4, "little") + CIPHER,
        b"eexec\r\n" + CIPHER + b"eexec " + CIPHER[:300],
    ],
)
def test_a_font_is_found_in_files_of_each_kind(data: bytes) -> None:
    assert len(plain(data)) == 1
    assert arzip.decompress(arzip.compress(data, 1)) == data


@pytest.mark.parametrize(
    "data", [b"eexec", b"eexec\n", b"eexec\n" + CIPHER[:-20], b"eexec\nno cipher closefile" * 9]
)
def test_what_is_no_whole_font_stays(data: bytes) -> None:
    assert plain(data) == []
    assert arzip.decompress(arzip.compress(data, 1)) == data


def test_a_font_becomes_much_smaller() -> None:
    """By itself, and deflated as in a document, of which a deflater makes nothing less."""
    plain_size = len(arzip.compress(FONT, 1, unpack=False))
    for data in FONT, b"stream\n" + zlib.compress(FONT) + b"\nendstream":
        packed = arzip.compress(data, 1)
        assert arzip.decompress(packed) == data
        assert len(packed) < 0.6 * plain_size


PARTS = [b"eexec\n", CIPHER, CIPHER[:100], b"closefile", b"\n", b" 12 RD ", b"/Private"]


@given(st.lists(st.sampled_from(PARTS), max_size=8))
def test_all_comes_back(parts: list[bytes]) -> None:
    data = b"".join(parts)
    at = 0
    for run in fonts.runs(data):
        assert at <= run.start < run.end <= len(data)
        assert data[run.start : run.end] == fonts.enciphered(run.plain, run.outlines)
        at = run.end


@given(st.binary(max_size=400), st.booleans())
def test_any_text_can_be_enciphered(text: bytes, outlines: bool) -> None:
    """Also where it says that an outline is longer than what is left."""
    for data in text, text + b" 99999 RD " + text:
        cipher = fonts.enciphered(data, outlines)
        assert len(cipher) == len(data)
