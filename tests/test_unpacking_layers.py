"""Layers: what is told of data gives it back, or an error."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arzip import coder
from arzip.errors import FormatError
from arzip.unpacking import layers, places
from arzip.unpacking.decisions import Decisions
from arzip.unpacking.pictures import Rows


def test_no_more_items_than_an_encoder_makes() -> None:
    nothing = layers.Item(places.NOISE, 0, 0, noise=np.zeros(0, np.uint8))
    layer = layers.Layer(0, [nothing] * ((1 << 16) + 1))
    plain = np.zeros(0, np.uint8)
    with pytest.raises(FormatError, match="items"):
        layers.pass_on(Decisions(layers.odds(), coder.Encoder().add), plain, layer, 0)


@given(st.binary(max_size=80), st.binary(max_size=400))
def test_damage_gives_an_error_or_data_of_the_size_told(payload: bytes, data: bytes) -> None:
    words, state = coder.to_words(payload), np.zeros(4, dtype=np.uint64)
    coder.start(words, state)
    plain = np.frombuffer(bytearray(data), dtype=np.uint8) if data else np.zeros(0, np.uint8)
    try:
        again = layers.pass_on(Decisions.learned(layers.odds(), words, state), plain, None, 5000)
    except FormatError:
        return
    assert len(again) <= 5000


def test_pixels_without_rows_are_refused() -> None:
    encoder = coder.Encoder()
    decisions = Decisions(layers.odds(), encoder.add)
    picture = layers.Picture(Rows(0, 1), np.zeros(0, dtype=np.uint8), b"x\x9c", [10])
    item = layers.Item(places.PNG, 0, 0, None, picture)
    with pytest.raises(FormatError, match="rows"):
        layers.pass_on(decisions, np.zeros(0, np.uint8), layers.Layer(10, [item]), 10)
