"""Unpacking: any data comes back; what is inside of it is compressed, however deep."""

import gzip
import io
import os
import subprocess
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from deflated import NOISE, TEXT, picture, sample
from hypothesis import given
from hypothesis import strategies as st

import arzip
from arzip import codec, coder, unpacking
from arzip.cli.group import cli
from arzip.errors import ArzipError, FormatError, LimitError
from arzip.models import registry

SWIFT = registry.load("swift")
MOST = 1 << 24


def there_and_back(data: bytes) -> tuple[unpacking.Unpacked | None, int]:
    unpacked = unpacking.unpack(data, MOST)
    if unpacked is None:
        return None, 0
    encoder = coder.Encoder()
    unpacking.tell(unpacked, encoder.add)
    payload = encoder.finish()
    words, state = coder.to_words(payload), np.zeros(4, dtype=np.uint64)
    coder.start(words, state)
    assert unpacking.packed(unpacked.plain.tobytes(), words, state, len(data), MOST) == data
    return unpacked, len(payload)


def zipped(data: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("a", data)
        file.writestr("b", data[::-1])
    return out.getvalue()


def in_tar(data: bytes) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as file:
        for name in ("a", "b"):
            about = tarfile.TarInfo(name)
            about.size = len(data)
            file.addfile(about, io.BytesIO(data))
    return out.getvalue()


WRAPPINGS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "zlib": zlib.compress,
    "zip": zipped,
    "tar": in_tar,
}


@pytest.mark.parametrize("outer", WRAPPINGS)
@pytest.mark.parametrize("inner", WRAPPINGS)
def test_one_in_another(inner: str, outer: str) -> None:
    data = WRAPPINGS[outer](WRAPPINGS[inner](TEXT))
    unpacked, told = there_and_back(data)
    if {inner, outer} == {"tar"}:
        assert unpacked is None
        return
    assert unpacked is not None
    assert TEXT in unpacked.plain.tobytes()
    assert told < 120


def test_no_layer_is_no_way_to_other_sizes() -> None:
    encoder = coder.Encoder()
    unpacking.tell(unpacking.Unpacked(np.zeros(0, dtype=np.uint8), [], []), encoder.add)
    words, state = coder.to_words(encoder.finish()), np.zeros(4, dtype=np.uint64)
    coder.start(words, state)
    with pytest.raises(FormatError, match="nothing inside"):
        unpacking.packed(TEXT, words, state, 20, MOST)


def test_what_is_inside_has_the_room_that_is_allowed() -> None:
    data = gzip.compress(gzip.compress(TEXT * 20))
    coded = codec.encode(SWIFT, data)
    assert coded.method == codec.UNPACKED
    given = (SWIFT, coded.method, coded.payload, len(data), coded.plain_size)
    unpacked = unpacking.unpack(data, MOST)
    assert unpacked is not None
    inside = unpacked.layers[1][0].size
    assert codec.decode(*given, room=inside) == data
    with pytest.raises(LimitError, match="memory"):
        codec.decode(*given, room=inside - 1)
    least = codec.decoding_memory(SWIFT, coded.method, len(coded.payload), *given[3:])
    frame = arzip.compress(data, model="swift")
    assert arzip.decompress(frame, max_memory=least) == data


WITHOUT = """
import sys, zlib
from arzip import coder, unpacking

unpacked = unpacking.unpack(bytes.fromhex(sys.argv[1]), 1 << 16)
encoder = coder.Encoder()
unpacking.tell(unpacked, encoder.add)
print(encoder.finish().hex())
"""


def test_without_a_compiler_the_same_is_told() -> None:
    data = zlib.compress(TEXT[:300]) + zlib.compress(TEXT[:150], 1)
    unpacked = unpacking.unpack(data, 1 << 16)
    assert unpacked is not None
    encoder = coder.Encoder()
    unpacking.tell(unpacked, encoder.add)
    ran = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", WITHOUT, data.hex()],
        env={**os.environ, "NUMBA_DISABLE_JIT": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.strip() == encoder.finish().hex()


def test_a_picture_becomes_its_pixels() -> None:
    unpacked, told = there_and_back(b"text before" + picture() + b"behind")
    assert unpacked is not None
    pixels = [part for part in unpacked.parts if part.pixel]
    assert [(part.size, part.pixel, part.row) for part in pixels] == [(24000, 3, 240)]
    assert told < 60


def test_a_picture_in_a_document_in_an_archive() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as file:
        file.writestr("picture.png", picture())
    unpacked, _ = there_and_back(gzip.compress(in_tar(out.getvalue())))
    assert unpacked is not None
    assert any(part.pixel == 3 and part.size == 24000 for part in unpacked.parts)


@given(
    st.lists(st.sampled_from([TEXT[:500], NOISE[:300], b"PK\x03\x04", b"x\x9c", b"\x1f\x8b\x08"]))
)
def test_any_mixture_comes_back(pieces: list[bytes]) -> None:
    there_and_back(b"".join(zlib.compress(piece) + piece for piece in pieces))


def test_some_of_each() -> None:
    unpacked, told = there_and_back(sample())
    assert unpacked is not None
    assert [len(layer.items) for layer, _ in unpacked.layers] == [22, 1]
    assert unpacked.found() == {"zlib": 12, "zip": 4, "png": 1, "noise": 1, "gzip": 1}
    assert told < 25_000 + 250


@given(st.integers(0, 10_000), st.integers(0, 255))
def test_damaged_archives_come_back(place: int, byte: int) -> None:
    data = bytearray(zipped(TEXT[:4000]) + picture(20, 20))
    data[place % len(data)] = byte
    there_and_back(bytes(data))


@pytest.mark.parametrize("make", [zipped, gzip.compress, in_tar, lambda data: picture()])
def test_files_become_smaller(make: Callable[[bytes], bytes]) -> None:
    text = TEXT[:40_000]
    data = make(gzip.compress(text) if make is in_tar else text)
    packed = arzip.compress(data, 3)
    assert arzip.decompress(packed) == data
    assert len(packed) < len(arzip.compress(data, 3, unpack=False)) * 0.9


def test_method_and_sizes() -> None:
    data = gzip.compress(TEXT)
    coded = codec.encode(SWIFT, data)
    assert coded.method == codec.UNPACKED
    assert coded.plain_size == len(TEXT) + 10
    decoded = codec.decode(SWIFT, coded.method, coded.payload, len(data), coded.plain_size)
    assert decoded == data
    assert codec.encode(SWIFT, data, False).method != codec.UNPACKED


@given(st.binary(min_size=1, max_size=200), st.integers(1, 300), st.integers(1, 300))
def test_damaged_segments(payload: bytes, n: int, plain: int) -> None:
    try:
        data = codec.decode(SWIFT, codec.UNPACKED, payload, n, plain)
    except ArzipError:
        return
    assert len(data) == n or len(data) == plain


def test_the_shell_can_leave_it(tmp_path: Path) -> None:
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(TEXT))
    sizes = []
    for option in ("--unpack", "--no-unpack"):
        out = tmp_path / f"out{option}"
        result = CliRunner().invoke(cli, ["-1", option, "-o", str(out), str(path)])
        assert result.exit_code == 0, result.output
        assert arzip.decompress(out.read_bytes()) == path.read_bytes()
        sizes.append(out.stat().st_size)
    assert sizes[0] < sizes[1]
