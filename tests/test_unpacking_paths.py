"""Paths: the way that is found takes the fewest bits, and every place knows the best one on."""

import numpy as np
import pytest
from deflated import TEXT
from hypothesis import given
from hypothesis import strategies as st

from arzip.unpacking import chains, matcher, paths
from arzip.unpacking.blocks import (
    DISTANCE_EXTRA,
    LENGTH_EXTRA,
    distance_symbol,
    length_symbol,
)

texts = st.lists(st.sampled_from([b"ab", b"abc", b"xyzabc", b"q"]), min_size=1, max_size=25).map(
    b"".join
)


def laid(data: bytes) -> paths.Path:
    plain = np.frombuffer(bytearray(data), dtype=np.uint8)
    path, places = paths.path(), chains.chains(matcher.COMPLETE)
    paths.lay(path, places, plain, 0, plain.size)
    return path


def price(path: paths.Path, length: int, distance: int, byte: int) -> int:
    if not length:
        return int(path.prices[byte])
    symbol, far = length_symbol(length), distance_symbol(distance - 1)
    bits = int(LENGTH_EXTRA[symbol - 257] + DISTANCE_EXTRA[far])
    return int(path.prices[symbol] + path.prices[288 + far]) + 64 * bits


@given(texts)
def test_no_way_takes_fewer_bits(data: bytes) -> None:
    path = laid(data)
    n = len(data)
    least = [0] * (n + 1)
    for at in range(n - 1, -1, -1):
        ways = [price(path, 0, 0, data[at]) + least[at + 1]]
        for before in range(at):
            size = 0
            while at + size < n and data[before + size] == data[at + size]:
                size += 1
                if size >= 3:
                    ways.append(price(path, size, at - before, 0) + least[at + size])
        least[at] = min(ways)
    # Only the nearest match of each length is weighed, and a nearer one is not always cheaper.
    assert all(path.to_go[at] >= least[at] for at in range(n))
    at, total = 0, 0
    while at < n:
        length = int(path.length[at])
        total += price(path, length, int(path.distance[at]) + 1, data[at])
        at += max(length, 1)
    assert at == n
    assert total == path.to_go[0]


@given(texts)
def test_every_token_is_right(data: bytes) -> None:
    path = laid(data)
    for at in range(len(data)):
        length, distance = int(path.length[at]), int(path.distance[at]) + 1
        if length:
            assert distance <= at
            copied = (data[at - distance : at] * length)[:length]
            assert data[at : at + length] == copied


def test_prices_are_entropies() -> None:
    path = laid(TEXT[:20_000])
    for first, end in ((0, 288), (288, 320)):
        total = path.counts[first:end].sum()
        for symbol in range(first, end):
            exact = 64 * np.log2(total / max(path.counts[symbol], 1))
            assert path.prices[symbol] == pytest.approx(exact, abs=1.1)


def test_pieces_end_where_a_block_does() -> None:
    plain = np.frombuffer(bytearray(TEXT), dtype=np.uint8)
    path, places = paths.path(), chains.chains(matcher.COMPLETE)
    paths.expected(path, places, plain, 100, 5000)
    assert path.about.tolist() == [100, 5000]
    assert 4990 + int(path.length[4890]) <= 5000
    paths.expected(path, places, plain, 5000, plain.size)
    assert path.about.tolist() == [5000, 5000 + paths.PIECE]
