"""Spans: how a segment is cut, how a decoder is told, and what damage may claim."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arzip import coder, readings
from arzip.errors import FormatError
from arzip.models import registry
from arzip.readings import READINGS, TEXT, Chosen, spans
from arzip.readings.spans import Span

choices = st.sampled_from(READINGS).flatmap(
    lambda reading: st.builds(
        Chosen,
        st.just(reading),
        st.tuples(*map(st.sampled_from, reading.numbers)),
        st.booleans(),
    )
)
lists = st.lists(st.builds(Span, choices, st.integers(1, 1 << 20)), min_size=1, max_size=20)


@given(lists)
def test_a_decoder_is_told_all(listed: list[Span]) -> None:
    told = iter(spans.to_bytes(listed))
    n = sum(span.size for span in listed)
    assert spans.from_bytes(lambda: next(told), n) == listed
    assert next(told, None) is None


@given(
    st.lists(st.builds(Span, choices, st.integers(1, 40)), min_size=1, max_size=8),
    st.sampled_from([2, 4, 256]),
    st.integers(0, 1 << 32),
)
def test_whatever_an_encoder_chooses_comes_back(
    listed: list[Span], symbols: int, seed: int
) -> None:
    """No context looks at a byte that is yet to come, whatever the numbers are."""
    model = registry.load("swift")
    model.prove("encode")
    n = sum(span.size for span in listed)
    data = np.random.default_rng(seed).integers(0, symbols, n, dtype=np.uint8)
    encoder = coder.Encoder()
    for prediction in model.encode_as(data, listed):
        encoder.add(prediction.left, prediction.freq)
    words = coder.to_words(encoder.finish())
    assert b"".join(piece.tobytes() for piece in model.decode(words, n)) == data.tobytes()


def test_text_alone_is_one_expected_byte() -> None:
    assert spans.to_bytes([Span(TEXT, 1000)]) == bytes([spans.PLAIN])


@given(st.binary(max_size=40), st.integers(1, 1 << 26))
def test_whatever_is_told_is_spans_or_an_error(told: bytes, n: int) -> None:
    rest = iter(told + bytes([spans.PLAIN]) * 9)
    try:
        listed = spans.from_bytes(lambda: next(rest), n)
    except FormatError as error:
        assert "damaged" in str(error)
    else:
        assert sum(span.size for span in listed) == n and all(span.size > 0 for span in listed)
        assert all(readings.checked(span.chosen) for span in listed)


@pytest.mark.parametrize(
    ("told", "n"),
    [
        ([4 * len(READINGS) + 1], 9),  # no such reading
        ([0, 9, 1], 10),  # all of the segment, and another span
        ([0, 8, 0, 8], 10),  # too much together
        ([5, 1, 255, 127], 10),  # records longer than any
        ([5, 64], 10),  # a number that they do not have
        ([0, 255, 255, 255, 255, 1], 10),  # a number that has no end
    ],
)
def test_what_cannot_be(told: list[int], n: int) -> None:
    rest = iter(told)
    with pytest.raises(FormatError):
        spans.from_bytes(lambda: next(rest), n)


def test_more_spans_than_may_be() -> None:
    """A hostile list ends early, however long the segment is."""
    asked = 0

    def take() -> int:
        nonlocal asked
        asked += 1
        return 0

    with pytest.raises(FormatError):
        spans.from_bytes(take, 1 << 26)
    assert asked <= 2 * (spans.MOST + 1)
