"""What holds for all data whatever, with a model that arzip ships: by hypothesis."""

import io

from hypothesis import given, settings
from hypothesis import strategies as st

import arzip
from arzip import codec
from arzip.streams.decompressor import FramesDecompressor

SWIFT = arzip.load_model("swift")

words = st.sampled_from([b"the ", b"cat", b"\n", b"\0\0\1", b"ABC,", bytes(range(40)), b"\xff" * 9])
structured = st.lists(words, max_size=60).map(b"".join)
repeated = st.builds(
    lambda piece, n: piece * n, st.binary(min_size=1, max_size=20), st.integers(1, 200)
)
records = st.builds(
    lambda size, n: b"".join(k.to_bytes(size, "big") for k in range(n)),
    st.integers(2, 40),
    st.integers(0, 99),
)


@st.composite
def made_by_decoding(draw: st.DrawFn) -> bytes:
    """What some payload decodes to: the data whose code is a number chosen by an enemy."""
    plain = draw(st.integers(1, 0xEF))  # lies where the first byte says that all is text
    payload = bytes([plain]) + draw(st.binary(max_size=12)) + bytes(32)
    return codec.decode(SWIFT, codec.MODELLED, payload, draw(st.integers(1, 120)))


data = st.binary(max_size=300) | structured | repeated | records | made_by_decoding()
sizes = st.lists(st.integers(1, 500), min_size=1, max_size=5)


def pieces(whole: bytes, sizes: list[int]) -> list[bytes]:
    """`whole`, cut into pieces of these sizes, over and over."""
    out, at = [], 0
    while at < len(whole):
        out.append(whole[at : at + sizes[len(out) % len(sizes)]])
        at += len(out[-1])
    return out


def compress(data: bytes, sizes: list[int], segment_size: int) -> bytes:
    compressor = arzip.ArzipCompressor(SWIFT, segment_size=segment_size)
    return b"".join(map(compressor.compress, pieces(data, sizes))) + compressor.flush()


@settings(max_examples=60)
@given(data)
def test_what_is_compressed_comes_back(data: bytes) -> None:
    packed = arzip.compress(data, model=SWIFT)
    assert len(packed) <= len(data) + 16
    assert arzip.decompress(packed) == data


@settings(max_examples=20)
@given(data, sizes, sizes, st.integers(1, 400))
def test_chunks_do_not_matter(
    data: bytes, written: list[int], read: list[int], segment_size: int
) -> None:
    packed = compress(data, written, segment_size)
    assert packed == compress(data, [len(data) + 1], segment_size)
    decompressor = FramesDecompressor()
    restored = b"".join(map(decompressor.decompress, pieces(packed, read)))
    assert restored + decompressor.finish() == data


@settings(max_examples=15)
@given(st.lists(st.tuples(data, st.integers(50, 400)), min_size=1, max_size=4))
def test_archives_join_as_their_data_does(parts: list[tuple[bytes, int]]) -> None:
    packed = b"".join(compress(data, [99], size) for data, size in parts)
    assert arzip.decompress(packed) == b"".join(data for data, _ in parts)


@settings(max_examples=20)
@given(data, st.integers(20, 300), st.lists(st.tuples(st.integers(0, 900), st.integers(0, 300))))
def test_seeking_gives_slices(data: bytes, segment_size: int, reads: list[tuple[int, int]]) -> None:
    with arzip.open(io.BytesIO(compress(data, [99], segment_size))) as file:
        for at, size in reads:
            assert file.seek(at) == min(at, len(data))
            assert file.read(size) == data[at : at + size]
