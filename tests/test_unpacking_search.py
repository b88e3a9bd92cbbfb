"""What is found in data stands in its plain text; what follows from that is left out."""

import gzip
import io
import struct
import zipfile
import zlib

import numpy as np
import pytest
from deflated import NOISE, TEXT, in_pdf

from arzip import coder
from arzip.parts import Part
from arzip.unpacking import layers, places, search, streams
from arzip.unpacking.decisions import Decisions


def archive(files: dict[str, bytes], *, streamed: bool = False) -> bytes:
    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return not streamed

        def seek(self, *where: int) -> int:
            if streamed:
                raise io.UnsupportedOperation
            return super().seek(*where)

    out = Pipe()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in files.items():
            file.writestr(name, data)
    return out.getvalue()


def test_gzip() -> None:
    packed = gzip.compress(TEXT, mtime=0)
    taken = search.take_apart(b"before" + packed + b"behind", 1 << 24, [])
    assert taken is not None
    _, plain, parts = taken
    assert plain == b"before" + packed[:10] + TEXT + b"behind"
    assert parts == [Part(16, len(TEXT))]


def test_zlib_streams_one_after_the_other() -> None:
    data = b"".join(zlib.compress(TEXT[k : k + 1000]) for k in range(0, 50_000, 1000))
    taken = search.take_apart(data, 1 << 24, [])
    assert taken is not None
    assert taken[1].replace(b"x\x9c", b"") == TEXT[:50_000]


@pytest.mark.parametrize("streamed", [False, True])
def test_checks_and_sizes_of_zip_are_left_out(streamed: bool) -> None:
    data = archive({"a": TEXT, "b": TEXT[::-1]}, streamed=streamed)
    taken = search.take_apart(data, 1 << 24, [])
    assert taken is not None
    layer, plain, _ = taken
    assert len(layer.items) == 4  # and two entries of the directory
    assert zlib.crc32(TEXT).to_bytes(4, "little") not in plain


def test_what_is_told_elsewhere_in_a_zip_file_stays_there() -> None:
    data = bytearray(archive({"a": TEXT}))
    data[14:26] = bytes(4) + b"\xff" * 8  # as ZIP64 has it
    taken = search.take_apart(bytes(data), 1 << 24, [])
    assert taken is not None
    layer, plain, _ = taken
    assert [item.kind for item in layer.items] == [places.DEFLATE]
    assert plain.startswith(bytes(data[:31]) + TEXT)


PIXELS = np.add.outer(np.arange(40), np.arange(90)).astype(np.uint8)


def test_rows_in_pdf_are_undone() -> None:
    about = b"/Subtype /Image /DecodeParms <</Predictor 15 /Colors 3 /Columns 30>>"
    rows = np.zeros((40, 91), dtype=np.uint8)
    rows[:, 0] = 1
    rows[:, 1:] = PIXELS
    rows[:, 4:] -= PIXELS[:, :-3]
    data = in_pdf(about, rows.tobytes())
    taken = search.take_apart(data, 1 << 24, [])
    assert taken is not None
    layer, plain, parts = taken
    assert [item.kind for item in layer.items] == [places.ROWS]
    assert PIXELS.tobytes() in plain
    assert [(part.size, part.pixel, part.row) for part in parts] == [(3600, 3, 90)]
    assert came_back(taken) == data


def test_pictures_in_pdf_are_known() -> None:
    about = b"/Subtype /Image /Width 30 /Height 40 /BitsPerComponent 8"
    taken = search.take_apart(in_pdf(about, PIXELS.tobytes()), 1 << 24, [])
    assert taken is not None
    assert [(part.pixel, part.row) for part in taken[2]] == [(3, 90)]


def test_noise_is_left_out() -> None:
    noise = np.random.default_rng(1).bytes(100_000)
    data = TEXT + noise + TEXT + gzip.compress(TEXT) + noise[:100]
    taken = search.take_apart(data, 1 << 24, [])
    assert taken is not None
    layer, plain, _ = taken
    assert [item.kind for item in layer.items] == [places.NOISE, places.GZIP]
    assert len(plain) < len(TEXT) * 3 + 9000
    assert came_back(taken) == data


def test_noise_that_comes_again_is_not() -> None:
    noise = np.random.default_rng(1).bytes(100_000)
    assert search.take_apart(noise + TEXT + noise, 1 << 24, []) is None


def came_back(taken: tuple[layers.Layer, bytes, list[Part]]) -> bytes:
    layer, plain = taken[0], np.frombuffer(bytearray(taken[1]), dtype=np.uint8)
    encoder = coder.Encoder()
    decisions = Decisions(layers.odds(), encoder.add)
    layers.pass_on(decisions, plain, layer, layer.size)
    decisions.flush()
    words, state = coder.to_words(encoder.finish()), np.zeros(4, dtype=np.uint64)
    coder.start(words, state)
    return layers.pass_on(Decisions.learned(layers.odds(), words, state), plain, None, layer.size)


def test_streams_that_are_damaged_stay() -> None:
    packed = bytearray(zlib.compress(TEXT))
    packed[-1] ^= 1
    assert search.take_apart(bytes(packed), 1 << 24, []) is None
    assert search.take_apart(gzip.compress(TEXT)[:-1], 1 << 24, []) is None


def test_what_has_nothing_in_it_stays() -> None:
    assert search.take_apart(zlib.compress(NOISE), 1 << 24, []) is None
    assert search.take_apart(NOISE * 100, 1 << 24, []) is None
    assert search.take_apart(TEXT, 1 << 24, []) is None


def test_a_bomb_stays() -> None:
    assert search.take_apart(zlib.compress(bytes(1 << 22), 9), 1 << 20, []) is None


def test_false_streams_do_not_cost_more_than_some_times_the_data(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each goes on for a megabyte, and then its checksum does not hold."""
    data = (zlib.compress(bytes(1 << 20), 9)[:-4] + b"none") * 300
    written, inflate = 0, streams.inflate

    def counted(*given: object) -> object:
        nonlocal written
        found, work = inflate(*given)
        written += work
        return found, work

    monkeypatch.setattr(streams, "inflate", counted)
    assert search.take_apart(data, 1 << 24, []) is None
    assert 1 << 20 < written < 8 * len(data) + (3 << 20)


def test_false_pictures_do_not_cost_more_than_some_times_the_data(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each has one chunk, up to the end of the data, whose check does not hold."""
    head = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4s13sI", 13, b"IHDR", bytes(13), 0)
    size = 400_000
    data = bytearray()
    while (rest := size - len(data) - len(head)) > 0:
        data += head + struct.pack(">I4s", rest, b"IDAT")
    checked, crc32 = 0, zlib.crc32

    def counted(piece: bytes) -> int:
        nonlocal checked
        checked += len(piece)
        return crc32(piece)

    monkeypatch.setattr(zlib, "crc32", counted)
    data += bytes(100)
    assert search.take_apart(bytes(data), 1 << 24, []) is None
    assert size // 2 < checked < 8 * len(data) + (3 << 20)
