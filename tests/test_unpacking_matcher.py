"""The matcher: what it expects is a match, and it leads to every match that there is."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arzip.unpacking import chains, matcher
from arzip.unpacking.encoders import Settings

repetitive = st.lists(st.sampled_from([b"ab", b"abc", b"xyzabc", b"\0"]), max_size=60).map(b"".join)


@pytest.mark.parametrize("level", range(len(matcher.LEVELS)))
@pytest.mark.parametrize("hash_bits", [9, 15, 17, 18])
@pytest.mark.parametrize("strategy", [matcher.DEFAULT, matcher.CHEAPEST])
@settings(max_examples=20)
@given(repetitive)
def test_what_is_expected_is_there(level: int, hash_bits: int, strategy: int, data: bytes) -> None:
    plain = np.frombuffer(bytearray(data), dtype=np.uint8) if data else np.zeros(0, np.uint8)
    m = matcher.matcher(Settings(level, strategy, hash_bits, 15).values())
    m.about[matcher.END] = plain.size
    place = 0
    while place < plain.size:
        length, distance = matcher.predict(m, plain, place)
        if length:
            assert 3 <= length <= 258
            assert 0 < distance <= place
            before = place - distance
            again = (data[before:place] * length)[:length]
            assert data[place : place + length] == again
        matcher.follow(m, plain, place, length)
        place += max(length, 1)
    assert place == plain.size


@given(repetitive, st.data())
def test_chains_lead_to_every_match(data: bytes, draw: st.DataObject) -> None:
    if len(data) < 8:
        return
    plain = np.frombuffer(bytearray(data), dtype=np.uint8)
    m = chains.chains(matcher.COMPLETE)
    place = draw.draw(st.integers(1, len(data) - 3))
    best, distance = chains.longest(m, plain, place)
    sizes = []
    for before in range(place):
        size = 0
        while place + size < len(data) and size < 258 and data[before + size] == data[place + size]:
            size += 1
        sizes.append(size)
    assert best == (max(sizes) if max(sizes) >= 3 else 0)
    for before, size in enumerate(sizes):
        if size >= 3:
            hops = chains.hops_back(m, plain, place, size, place - before)
            assert hops >= 0
            assert chains.nearest(m, plain, place, size, hops) == place - before
    assert not best or sizes[place - distance] == best
