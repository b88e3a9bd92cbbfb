"""Places: signatures are found wherever they are, and headers are read to their end."""

import gzip
import io
import zipfile
import zlib

import numpy as np
import pytest
from deflated import TEXT
from hypothesis import given
from hypothesis import strategies as st

from arzip.unpacking import places
from arzip.unpacking.places import ENTRY, GZIP, PNG, ZIP, ZLIB, Place


def found(data: bytes) -> list[Place]:
    return list(places.places(np.frombuffer(data, dtype=np.uint8)))


@pytest.mark.parametrize("before", [0, 1, 1000])
@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (zlib.compress(TEXT), ZLIB),
        (zlib.compress(TEXT, 1), ZLIB),
        (zlib.compress(TEXT, 9), ZLIB),
        (zlib.compress(b"a"), ZLIB),
        (zlib.compress(TEXT, 0), ZLIB),
        (zlib.compress(TEXT, wbits=9), ZLIB),
        (gzip.compress(TEXT), GZIP),
        (b"PK\x03\x04" + bytes(30), ZIP),
        (b"PK\x01\x02" + bytes(50), ENTRY),
        (b"\x89PNG\r\n\x1a\n" + bytes(30), PNG),
    ],
)
def test_signatures(before: int, data: bytes, kind: int) -> None:
    assert Place(before, kind) in found(bytes(before) + data)


def test_many_signatures() -> None:
    data = (b"PK\x03\x04" + bytes(30)) * 10_000
    assert len(found(data)) == 10_000


@given(st.binary(max_size=200))
def test_anything_may_be_looked_at(data: bytes) -> None:
    for place in found(data):
        assert 0 <= place.start < len(data)


@pytest.mark.parametrize("name", ["", "a name"])
def test_gzip_headers(name: str) -> None:
    out = io.BytesIO()
    with gzip.GzipFile(name, "wb", fileobj=out) as file:
        file.write(TEXT)
    data = out.getvalue()
    begin = places.behind_gzip_header(data, 0)
    assert begin is not None
    assert zlib.decompress(data[begin:-8], -15) == TEXT


def test_gzip_headers_with_all_fields() -> None:
    extra = b"\x03\0abc" + b"name\0" + b"comment\0" + b"\0\0"
    assert places.behind_gzip_header(b"\x1f\x8b\x08\x1e" + bytes(6) + extra, 0) == 10 + len(extra)
    assert places.behind_gzip_header(b"\x1f\x8b\x08\x08" + bytes(6) + b"endless", 0) is None


def test_zip_headers() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("name", TEXT)
    data = out.getvalue()
    assert places.behind_zip_header(data, 0) == (34, False)
    assert zlib.decompressobj(-15).decompress(data[34:]) == TEXT
    assert places.behind_zip_header(data[:6] + b"\x08" + data[7:], 0) == (34, True)
    assert places.behind_zip_header(data[:6] + b"\x01" + data[7:], 0) is None
    assert places.behind_zip_header(data[:29], 0) is None
