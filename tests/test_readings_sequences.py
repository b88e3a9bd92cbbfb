"""Sequences: found in FASTA and FASTQ, and told by both strands."""

import golden
import numpy as np
import pytest
from conftest import assert_looking_ahead_changes_nothing
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import arzip
from arzip.models import registry
from arzip.readings import TEXT, Chosen, finding, sequences
from arzip.readings.spans import Span

SEQUENCES = Chosen(sequences.READING, ())
RNG = np.random.default_rng(4)
BASES = RNG.choice(list(b"ACGT"), 6000).astype(np.uint8).tobytes()
OTHER = BASES[::-1].translate(bytes.maketrans(b"ACGT", b"TGCA"))


def array(data: bytes) -> NDArray[np.uint8]:
    return np.frombuffer(data, dtype=np.uint8)


def lines(bases: bytes, length: int = 60, end: bytes = b"\n") -> bytes:
    return b"".join(bases[k : k + length] + end for k in range(0, len(bases), length))


def reads(count: int, size: int = 70, seed: int = 0) -> bytes:
    rng = np.random.default_rng(seed)
    made = bytearray()
    for k in range(count):
        start = int(rng.integers(0, len(BASES) - size))
        steps = np.cumsum(rng.integers(-2, 3, size))
        qualities = np.clip(70 + steps, 35, 73).astype(np.uint8).tobytes()
        made += b"@run:3:%d\n" % (1000 + 7 * k) + BASES[start : start + size]
        made += b"\n+\n" + qualities + b"\n"
    return bytes(made)


def cost(data: bytes, chosen: Chosen = SEQUENCES) -> float:
    """Return the code length in bytes."""
    model = registry.load("swift")
    predictions = list(model.encode_as(array(data), [Span(chosen, len(data))]))
    return sum(prediction.nll for prediction in predictions) / 8


FOUND = {
    "fasta": b">one\n" + lines(BASES) + b"\n>two\n" + lines(BASES[::-1]),
    "small letters": b">one\n" + lines(BASES.lower(), 50),
    "unknown bases": b">one\n" + lines(BASES[:900] + b"N" * 4000 + BASES),
    "lines of Windows": b">one\r\n" + lines(BASES, end=b"\r\n"),
    "one line": BASES,
    "fastq": reads(200),
    "long reads": reads(20, 2000),
    "short reads": b"".join(b">read_%d\n" % k + BASES[k : k + 35] + b"\n" for k in range(900)),
}


@pytest.mark.parametrize("name", FOUND)
def test_found(name: str) -> None:
    data = FOUND[name]
    assert finding.find(array(data)) == [Span(SEQUENCES, len(data))]


def test_nothing_else_is() -> None:
    prose = b"At a cat-scan a gaunt tan ant can attack a tactful cat.\n" * 900
    others = [data for name, data in golden.inputs().items() if name != "sequences"]
    for data in (prose, b">\n" * 9000, b"@\n+\n" * 9000, b"", b"\n" * 9000, *others):
        assert sequences.READING.find(array(data)) == []


def test_parts_are_found() -> None:
    text = b"what is known of this genome, in words and lines\n" * 1000
    listed = finding.find(array(text + lines(BASES * 9) + text))
    assert [span.chosen.reading.name for span in listed] == ["text", "sequences", "text"]
    assert abs(listed[0].size - len(text)) <= 1 << 14


def test_the_other_strand_is_known() -> None:
    """It costs hardly more than the same once more, and noise in it does not end that."""
    once, noise = cost(lines(BASES)), bytearray(OTHER)
    for place in range(0, len(noise), 97):
        noise[place] = b"ACGT"[place % 4]
    assert once > 0.24 * len(BASES)
    assert cost(lines(BASES) + lines(OTHER)) < 1.05 * once
    assert cost(lines(BASES) + lines(bytes(noise))) < 1.2 * once


@pytest.mark.parametrize("name", ["fastq", "short reads"])
def test_smaller_than_as_text(name: str) -> None:
    assert cost(FOUND[name]) < 0.95 * cost(FOUND[name], TEXT)


PARTS = [b"\n", b">a\n", b"@r\n", b"+\n", b"ACGTTGCAN" * 4, b"!9I\0", b"acg", b"\r\n"]


@settings(max_examples=15)
@given(st.lists(st.sampled_from(PARTS)))
def test_whatever_comes(parts: list[bytes]) -> None:
    """Coded as sequences, nothing of it depends on bytes that are yet to come."""
    data = b"".join(parts * 3)[:400]
    model = registry.load("swift")
    there = model.session(reading=SEQUENCES, size=len(data))
    known = there.explain(data, 0).likelihood
    half = len(data) // 2
    other = model.session(reading=SEQUENCES, size=len(data))
    changed = data[:half] + bytes(byte ^ 1 for byte in data[half:])
    assert other.explain(changed, 0).likelihood[:half].tolist() == known[:half].tolist()


def test_looking_ahead_changes_nothing() -> None:
    data = array(FOUND["fastq"][:300])
    assert_looking_ahead_changes_nothing(SEQUENCES, data)


@pytest.mark.parametrize("model", ["fast", "swift"])
def test_they_come_back(model: str) -> None:
    for data in FOUND.values():
        mixed = data + b"text\n" * 9 + bytes(999) + data[:5000]
        assert arzip.decompress(arzip.compress(mixed, model=model)) == mixed
