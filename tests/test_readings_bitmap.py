"""Pictures of one bit a pixel: found without a header, and predicted by the pixels around."""

import golden
import numpy as np
import pytest
from conftest import assert_looking_ahead_changes_nothing
from numpy.typing import NDArray

import arzip
from arzip.models import registry
from arzip.readings import Chosen, bitmap, finding

ROW = 64
PICTURE = golden.inputs()["bitmap"]


def array(data: bytes) -> NDArray[np.uint8]:
    return np.frombuffer(data, dtype=np.uint8)


@pytest.mark.parametrize("head", [b"", b"P4\n512 300\n"])
@pytest.mark.parametrize("change", [0, 255], ids=["black on white", "white on black"])
def test_found_with_its_row(head: bytes, change: int) -> None:
    data = head + bytes(byte ^ change for byte in PICTURE)
    assert bitmap.READING.find(array(data)) == [(0, len(data), (ROW,))]


@pytest.mark.parametrize(
    "name", ["zeros", "noise", "short text", "log", "records", "x86", "arm64", "spans", "cells"]
)
def test_nothing_else_is(name: str) -> None:
    assert not bitmap.READING.find(array(golden.inputs()[name]))


def test_the_row_above_says_most() -> None:
    """Two rows that look alike at random: the second costs little, with the right length only."""
    rng = np.random.default_rng(3)
    row = rng.integers(0, 256, ROW, dtype=np.uint8).tobytes()
    model = registry.load("swift")
    sizes = []
    for length in (ROW, ROW - 9):
        session = model.session(reading=Chosen(bitmap.READING, (length,)), size=4000)
        likelihoods = session.explain(row * 12, 0).likelihood
        sizes.append(-np.log2(likelihoods[-ROW:]).sum() / 8)
    assert sizes[0] < 0.25 * ROW and sizes[0] < 0.5 * sizes[1]


def test_looking_ahead_changes_nothing() -> None:
    """All 256 conditionals are those of coding, bit contexts and all."""
    data = array(PICTURE[8000:8400])
    model = registry.load("swift")
    chosen = Chosen(bitmap.READING, (ROW,))
    looking = assert_looking_ahead_changes_nothing(chosen, data)
    plain = model.session(reading=chosen, size=data.size)
    plain.explain(data.tobytes(), 0)
    assert (plain.conditionals() == looking.conditionals()).all()


def test_a_picture_comes_back_and_is_small() -> None:
    packed = arzip.compress(PICTURE, model="swift")
    assert arzip.decompress(packed) == PICTURE
    (span,) = finding.find(array(PICTURE))
    assert span.chosen == Chosen(bitmap.READING, (ROW,))
    assert len(packed) < 0.04 * len(PICTURE)


def test_a_wrong_row_costs_size_alone() -> None:
    mixed = PICTURE[:9000] + PICTURE[100:9100] + b"text between\n" * 50 + PICTURE[:7000]
    assert arzip.decompress(arzip.compress(mixed, model="swift")) == mixed
