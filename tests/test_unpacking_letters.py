"""Binary data in letters: found in mail, notebooks and pages, and always brought back."""

import base64
import json
import zlib
from email.message import EmailMessage

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import arzip
from arzip.unpacking import letters
from arzip.unpacking.letters import BREAKS, Run

RNG = np.random.default_rng(2)
NOISE = RNG.bytes(3000)
TEXT = b"one of many words, and then another; " * 60
PROSE = b"".join(b"%d bottles and %d cans; " % tuple(RNG.integers(0, 99, 2)) for _ in range(900))


def plain_of(data: bytes) -> list[bytes]:
    return [run.plain for run in letters.runs(data)]


@pytest.mark.parametrize("kind", range(len(BREAKS)))
@pytest.mark.parametrize("line", [64, 76, 77])
@pytest.mark.parametrize("n", [300, 301, 302, 304, 3000])
def test_lines(kind: int, line: int, n: int) -> None:
    """The last line may be as long as the others, and end with = or not."""
    made = letters.letters_of(NOISE[:n], line, kind)
    assert len(made) == letters.size_of(n, line, kind)
    (run,) = letters.runs(b"<" + made + b">")
    assert run == Run(1, 1 + len(made), NOISE[:n], line, kind)


def test_one_line() -> None:
    for n in range(96, 110):
        made = base64.b64encode(NOISE[:n])
        assert letters.runs(b'"' + made + b'"') == [Run(1, 1 + len(made), NOISE[:n], 0, 0)]


def test_in_mail_and_notebooks() -> None:
    mail = EmailMessage()
    mail.set_content("See below.\n" * 9)
    for _ in range(2):
        mail.add_attachment(NOISE, maintype="application", subtype="octet-stream")
    assert plain_of(bytes(mail)) == [NOISE, NOISE]
    lines = letters.letters_of(NOISE, 76, 0).decode() + "\n"
    book = json.dumps({"image/png": lines, "image/jpeg": base64.b64encode(NOISE).decode()})
    assert plain_of(book.encode()) == [NOISE, NOISE]


def test_lines_of_other_lengths_end_it() -> None:
    made = letters.letters_of(NOISE[:480], 64, 0)
    cut = made[:300] + made[310:]
    (run,) = letters.runs(cut)
    assert cut.startswith(letters.letters_of(run.plain, run.line, run.kind))
    assert run.end <= 5 * 65, "with the short line, as if it were the last one"


def test_other_words_are_none() -> None:
    rng = np.random.default_rng(1)
    bases = rng.choice(list(b"ACGT"), 6000).astype(np.uint8).tobytes()
    genome = b"\n".join(bases[k : k + 60] for k in range(0, 6000, 60))
    digest = rng.bytes(900).hex().encode()
    others = [TEXT, bases, genome, digest, digest.upper(), b"a" * 900, b"", b"aB3/" * 99]
    short = base64.b64encode(NOISE[:90])
    for data in (*others, short, b"One2Three" * 60, b"-_" + NOISE):
        assert letters.runs(data) == []


def test_what_is_inside_is_seen() -> None:
    """Deflate within base64, as of a PNG in a notebook."""
    packed = zlib.compress(PROSE, 6)
    data = b'{"picture": "' + base64.b64encode(packed) + b'"}'
    small = arzip.compress(data, 1)
    assert arzip.decompress(small) == data
    assert len(small) < 1.05 * len(arzip.compress(PROSE, 1))
    assert len(small) < 0.8 * len(arzip.compress(data, 1, unpack=False))


PARTS = [
    base64.b64encode(NOISE),
    letters.letters_of(NOISE, 76, 1),
    b"=",
    b"==",
    b"\n",
    b"\r\n",
    b"A",
]


@given(st.lists(st.sampled_from([*PARTS, b"/+9z" * 40, b"aZ9" * 70, b"\\n"])))
def test_all_comes_back(parts: list[bytes]) -> None:
    data = b"".join(parts)
    at = 0
    for run in letters.runs(data):
        assert at <= run.start < run.end <= len(data)
        assert data[run.start : run.end] == letters.letters_of(run.plain, run.line, run.kind)
        at = run.end
    assert arzip.decompress(arzip.compress(data, 1)) == data
