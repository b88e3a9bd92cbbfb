"""What the tests of streams share: inputs of all kinds, in pieces, and their frames."""

import numpy as np
from conftest import Counts
from hypothesis import strategies as st

from arzip.streams.compressor import ArzipCompressor

TEXT = b"the quick brown fox jumps over the lazy dog. " * 40
SEGMENT = 500

inputs = st.builds(
    lambda pieces: b"".join(pieces),
    st.lists(
        st.binary(max_size=600)
        | st.integers(0, 1200).map(lambda n: b"z" * n)
        | st.integers(0, 1200).map(lambda n: TEXT[:n]),
        max_size=5,
    ),
)
chunk_sizes = st.lists(st.integers(0, 900), min_size=1, max_size=6).filter(any)


def random_bytes(n: int) -> bytes:
    return np.random.default_rng(n).bytes(n)


def chunks(data: bytes, sizes: list[int]) -> list[bytes]:
    out, at = [], 0
    while at < len(data):
        size = sizes[len(out) % len(sizes)]
        out.append(data[at : at + size])
        at += size
    return out


def compress(model: Counts, data: bytes, segment_size: int = SEGMENT) -> bytes:
    compressor = ArzipCompressor(model, segment_size=segment_size)
    return compressor.compress(data) + compressor.flush()
