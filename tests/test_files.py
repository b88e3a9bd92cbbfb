"""ArzipFile and open: as a file is used, in both directions; seeking decodes what it must."""

import copy
import errno
import io
import os
import pickle
import tarfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import Counts
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from arzip import files
from arzip.codec import Prediction
from arzip.errors import ArzipError, ChecksumError, FormatError, LimitError, TruncatedError
from arzip.files import ArzipFile
from arzip.streams.compressor import ArzipCompressor
from arzip.streams.decompressor import ArzipDecompressor, decompress
from arzip.system import transport

LINES = [b"line %d of a file\n" % number for number in range(400)]
DATA = b"".join(LINES)
SEGMENT = 1000


def compress(model: Counts, data: bytes, segment_size: int = SEGMENT) -> bytes:
    compressor = ArzipCompressor(model, segment_size=segment_size)
    return compressor.compress(data) + compressor.flush()


class Counting(Counts):
    """Counts the bytes that it decodes."""

    decoded = 0

    def decode(self, words: NDArray[np.uint32], n: int) -> Iterator[NDArray[np.uint8]]:
        self.decoded += n
        return super().decode(words, n)


class Slow(Counts):
    """Takes half a minute to decode a segment."""

    def decode(self, words: NDArray[np.uint32], n: int) -> Iterator[NDArray[np.uint8]]:
        for piece in super().decode(words, n):
            for byte in piece.reshape(-1, 1):
                time.sleep(0.03)
                yield byte


class Short(io.RawIOBase):
    """A raw file that takes at most 7 bytes at a time, and fails when it is full."""

    def __init__(self, room: int = 1 << 20) -> None:
        super().__init__()
        self.data = b""
        self.room = room

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        if not self.room:
            raise OSError(errno.ENOSPC, "No space left on device")
        taken = bytes(data[: min(7, self.room)])
        self.data += taken
        self.room -= len(taken)
        return len(taken)


class Pipe(io.BytesIO):
    """A file that can only be read on."""

    def seekable(self) -> bool:
        return False

    def seek(self, *args: Any) -> int:
        raise io.UnsupportedOperation("seek")

    tell = seek


def test_what_is_written_is_read(model: Counts, tmp_path: Path) -> None:
    path = tmp_path / "data.arz"
    with ArzipFile(path, "w", model=model, segment_size=SEGMENT) as file:
        assert [file.write(line) for line in LINES] == [len(line) for line in LINES]
        assert file.tell() == len(DATA)
    assert path.read_bytes() == compress(model, DATA)
    with ArzipFile(path, model=model) as file:
        assert file.read() == DATA
        assert file.read() == b""


@pytest.mark.parametrize("name", [str, os.fsencode, Path])
def test_names_of_any_type(model: Counts, tmp_path: Path, name: Any) -> None:
    path = name(str(tmp_path / "data.arz"))
    with ArzipFile(path, "xb", model=model) as file:
        file.write(DATA)
        assert file.name == (path if isinstance(path, bytes) else str(path))
        assert file.mode == "xb"
    with ArzipFile(path, "rb", model=model) as file:
        assert file.read() == DATA
    with pytest.raises(FileExistsError):
        ArzipFile(path, "x", model=model)


def test_appending_adds_a_frame(model: Counts, tmp_path: Path) -> None:
    path = tmp_path / "data.arz"
    for line in LINES[:5]:
        with files.open(path, "ab", model=model) as file:
            file.write(line)
    with files.open(path, model=model) as file:
        assert file.readlines() == LINES[:5]


def test_a_given_file_stays_open(model: Counts) -> None:
    inner = io.BytesIO(b"before")
    inner.seek(6)
    with ArzipFile(inner, "w", model=model) as file:
        file.write(DATA)
    assert inner.getvalue() == b"before" + compress(model, DATA, 1 << 24)
    inner.seek(6)
    with ArzipFile(inner, model=model) as file:
        assert file.read() == DATA
        file.seek(-10, io.SEEK_END)
        assert file.read() == DATA[-10:]
    assert not inner.closed


def test_reading_in_every_way(model: Counts) -> None:
    frame = compress(model, DATA)

    def file() -> ArzipFile:
        return ArzipFile(io.BytesIO(frame), model=model)

    assert list(file()) == LINES
    assert file().readline() == LINES[0]
    assert file().readline(4) == b"line"
    assert file().readlines(30) == LINES[:2]
    assert file().read(7) == DATA[:7]
    assert file().read(None) == DATA
    assert file().read(0) == b""
    assert DATA.startswith(file().read1())
    assert file().read1(3) == DATA[:3]
    assert DATA.startswith(file().peek(5)[:5])
    buffer = bytearray(50)
    assert file().readinto(buffer) == 50
    assert buffer == DATA[:50]
    reading = file()
    assert (reading.read(5), reading.tell(), reading.peek(1)[:1]) == (DATA[:5], 5, DATA[5:6])
    assert (reading.readable(), reading.writable(), reading.seekable()) == (True, False, True)


def test_pipes_can_be_read_but_not_sought(model: Counts) -> None:
    frame = compress(model, DATA)
    file = ArzipFile(Pipe(frame + frame), model=model)
    assert not file.seekable()
    assert file.read() == DATA + DATA
    with pytest.raises(io.UnsupportedOperation):
        file.seek(0)


@pytest.mark.parametrize("threads", [1, 3])
@given(moves=st.lists(st.tuples(st.integers(0, 2), st.integers(-9000, 9000), st.integers(0, 3000))))
def test_seeking_like_in_the_data_itself(
    model: Counts, threads: int, moves: list[tuple[int, int, int]]
) -> None:
    several = b"".join(compress(model, part) for part in (DATA[:2500], b"", DATA[2500:]))
    file = ArzipFile(io.BytesIO(several), model=model, threads=threads)
    position = 0
    for whence, offset, size in moves:
        start = (0, position, len(DATA))[whence]
        position = min(max(0, start + offset), len(DATA))
        assert file.seek(offset, whence) == position
        assert file.read(size) == DATA[position : position + size]
        position = min(position + size, len(DATA))
        assert file.tell() == position


def test_seeking_decodes_one_segment() -> None:
    model = Counting()
    data = DATA * 30
    segment = 10_000
    frame = compress(model, data, segment)
    file = ArzipFile(io.BytesIO(frame), model=model)
    for position in (len(data) - 5, 100_000, 50_000):
        before = model.decoded
        file.seek(position)
        assert file.read(5) == data[position : position + 5]
        assert model.decoded - before <= segment
    file = ArzipFile(io.BytesIO(frame), model=model)
    before = model.decoded
    assert file.seek(0, io.SEEK_END) == len(data)
    assert file.read(1) == b""
    assert model.decoded == before


def test_going_back_in_a_segment_does_not_decode_it_again() -> None:
    model = Counting()
    data = DATA * 20
    file = ArzipFile(io.BytesIO(compress(model, data, 1 << 20)), model=model)
    for _ in range(3):
        file.seek(0)
        assert file.read(100_000) == data[:100_000]
    assert model.decoded == len(data)


def test_files_are_not_pickled_or_copied(model: Counts) -> None:
    frame = compress(model, DATA)
    streams = [
        ArzipFile(io.BytesIO(frame), model=model),
        ArzipFile(io.BytesIO(), "w", model=model),
        ArzipCompressor(model),
        ArzipDecompressor(model=model),
    ]
    for one in streams:
        for refused in (pickle.dumps, copy.copy, copy.deepcopy):
            with pytest.raises(TypeError, match=f"cannot pickle '{type(one).__name__}'"):
                refused(one)


def test_several_threads_read_one_file(model: Counts) -> None:
    file = ArzipFile(io.BytesIO(compress(model, DATA)), model=model)
    with ThreadPoolExecutor(4) as pool:
        pieces = list(pool.map(lambda _: file.read(10), range(len(DATA) // 10)))
    assert sorted(pieces) == sorted(DATA[at : at + 10] for at in range(0, len(DATA) - 9, 10))


def test_tar_archives_in_a_file(model: Counts, tmp_path: Path) -> None:
    (tmp_path / "one").write_bytes(DATA)
    with (
        ArzipFile(tmp_path / "x.tar.arz", "w", model=model, segment_size=SEGMENT) as file,
        tarfile.open(fileobj=file, mode="w") as archive,
    ):
        archive.add(tmp_path / "one", "one")
    with (
        ArzipFile(tmp_path / "x.tar.arz", model=model) as file,
        tarfile.open(fileobj=file) as archive,
    ):
        member = archive.extractfile("one")
        assert member is not None
        assert member.read() == DATA


def test_where_the_segments_are(model: Counts) -> None:
    found = files.segments(io.BytesIO(compress(model, DATA)))
    assert [place.start for place in found] == list(range(0, len(DATA), SEGMENT))
    assert sum(place.segment.size for place in found) == len(DATA)
    assert {place.header.identity for place in found} == {model.identity}
    with pytest.raises(FormatError):
        files.segments(io.BytesIO(b"no such file"))


def test_damage_ends_reading_but_not_elsewhere(model: Counts) -> None:
    frame = bytearray(compress(model, DATA))
    place = files.segments(io.BytesIO(bytes(frame)))[3]
    frame[place.body + 2] ^= 1
    file = ArzipFile(io.BytesIO(bytes(frame)), model=model)
    out = b""
    with pytest.raises(ChecksumError, match="segment 4"):
        while True:
            out += file.read1(100)
    assert out == DATA[: 3 * SEGMENT]
    file.seek(4 * SEGMENT)
    assert file.read1(100) == DATA[4 * SEGMENT :][:100]
    with pytest.raises(ChecksumError):
        file.seek(3 * SEGMENT)
        file.read1(100)


@pytest.mark.parametrize("seek", [False, True])
def test_a_file_that_ends_early(model: Counts, seek: bool) -> None:
    frame = compress(model, DATA)
    for cut in (0, 1, 3, 11, 12, 13, 300, len(frame) // 2, len(frame) - 30, len(frame) - 1):
        file = ArzipFile(io.BytesIO(frame[:cut]), model=model)
        with pytest.raises(TruncatedError):
            if seek:
                file.seek(-5, io.SEEK_END)
            while file.read1(500):
                pass


def test_truncation_is_also_the_error_of_the_standard_library(model: Counts) -> None:
    with pytest.raises(EOFError):
        ArzipFile(io.BytesIO(compress(model, DATA)[:-1]), model=model).read()


def test_limits(model: Counts) -> None:
    frame = compress(model, DATA)
    assert ArzipFile(io.BytesIO(frame), model=model, max_size=len(DATA)).read() == DATA
    with pytest.raises(LimitError, match="output"):
        ArzipFile(io.BytesIO(frame), model=model, max_size=len(DATA) - 1).read()
    with pytest.raises(LimitError, match="output"):
        ArzipFile(io.BytesIO(frame), model=model, max_size=100).seek(200)
    with pytest.raises(LimitError, match="memory"):
        ArzipFile(io.BytesIO(frame), model=model, max_memory=100).read()
    with pytest.raises(LimitError, match="memory"):
        file = ArzipFile(io.BytesIO(frame), model=model, max_memory=100)
        file.seek(2000)
        file.read(1)


@pytest.mark.parametrize("option", ["level", "segment_size"])
@pytest.mark.parametrize("mode", ["r", "rb", "rt"])
def test_options_for_writing_are_none_for_reading(
    model: Counts, tmp_path: Path, option: str, mode: Any
) -> None:
    path = tmp_path / "data.arz"
    path.write_bytes(compress(model, DATA))
    with pytest.raises(ValueError, match=f"^{option} is for writing, and the mode is 'rb'$"):
        files.open(path, mode, **{option: 6})


@pytest.mark.parametrize("option", ["max_size", "max_memory"])
@pytest.mark.parametrize("mode", ["w", "wb", "xb", "ab", "wt"])
def test_options_for_reading_are_none_for_writing(tmp_path: Path, option: str, mode: Any) -> None:
    path = tmp_path / "data.arz"
    with pytest.raises(ValueError, match=f"^{option} is for reading, and the mode is '[wxa]b'$"):
        files.open(path, mode, **{option: 1 << 30})
    assert not path.exists()


def test_options_out_of_range_open_nothing(model: Counts, tmp_path: Path) -> None:
    path = tmp_path / "data.arz"
    for option in ({"segment_size": -5}, {"level": 0}, {"threads": -1}):
        with pytest.raises(ValueError, match=next(iter(option))):
            files.open(path, "wb", **option)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="model must be a name, a path or a loaded model, not int"):
        files.open(path, "wb", model=6)  # type: ignore[arg-type]
    assert not path.exists()
    path.write_bytes(compress(model, DATA))
    for name in ("max_size", "max_memory"):
        with pytest.raises(ValueError, match=f"{name} is -1"):
            files.open(path, **{name: -1})  # type: ignore[arg-type]


def test_a_level_names_the_model(tmp_path: Path) -> None:
    with files.open(tmp_path / "data.arz", "wb", level=3) as file:
        file.write(DATA[:300])
    with files.open(tmp_path / "other.arz", "wb", model="swift") as file:
        file.write(DATA[:300])
    assert (tmp_path / "data.arz").read_bytes() == (tmp_path / "other.arz").read_bytes()
    with pytest.raises(ValueError, match="model and level"):
        files.open(tmp_path / "none.arz", "wb", model="swift", level=1)


def test_what_it_looks_like(model: Counts, tmp_path: Path) -> None:
    path = tmp_path / "data.arz"
    with ArzipFile(path, "w", model=model) as file:
        assert repr(file) == f"<arzip.ArzipFile name={str(path)!r} mode='wb' model='counts'>"
    assert repr(file) == f"<arzip.ArzipFile name={str(path)!r} mode='wb' model='counts' closed>"
    with ArzipFile(io.BytesIO(path.read_bytes())) as file:
        assert repr(file) == "<arzip.ArzipFile name='' mode='rb'>"
    assert "unopened" in repr(ArzipFile.__new__(ArzipFile))


def by_lines(file: ArzipFile) -> Iterator[bytes]:
    yield from file


def by_readline(file: ArzipFile) -> Iterator[bytes]:
    while line := file.readline():
        yield line


def by_read(file: ArzipFile) -> Iterator[bytes]:
    while data := file.read(700):
        yield data


def by_read1(file: ArzipFile) -> Iterator[bytes]:
    while data := file.read1():
        yield data


def by_peek(file: ArzipFile) -> Iterator[bytes]:
    while file.peek():
        yield file.read(3)


def by_readinto(file: ArzipFile) -> Iterator[bytes]:
    buffer = bytearray(700)
    while size := file.readinto(buffer):
        yield bytes(buffer[:size])


@pytest.mark.parametrize("fault", ["damage", "cut", "limit"])
@pytest.mark.parametrize("way", [by_lines, by_readline, by_read, by_read1, by_peek, by_readinto])
def test_all_that_precedes_a_fault_is_given_first(
    model: Counts, way: Callable[[ArzipFile], Iterator[bytes]], fault: str
) -> None:
    """In whatever portions it is read. Whoever asks for all of it is told at once."""
    frame = bytearray(compress(model, DATA))
    place = files.segments(io.BytesIO(bytes(frame)))[3]
    max_size = None
    if fault == "damage":
        frame[place.body + 2] ^= 1
    elif fault == "cut":
        del frame[place.body + 2 :]
    else:
        max_size = 3 * SEGMENT
    for source in (io.BytesIO, Pipe):
        file = ArzipFile(source(bytes(frame)), model=model, max_size=max_size)
        out = bytearray()
        with pytest.raises(ArzipError) as caught:
            for data in way(file):
                out += data
        assert out == DATA[: 3 * SEGMENT]
        for again in (file.read, file.readline, lambda file=file: file.read(1)):
            with pytest.raises(type(caught.value)):
                again()
        with pytest.raises(type(caught.value)):
            ArzipFile(source(bytes(frame)), model=model, max_size=max_size).read()


def test_the_lines_before_a_fault(model: Counts) -> None:
    frame = bytearray(compress(model, DATA))
    frame[files.segments(io.BytesIO(bytes(frame)))[3].body + 2] ^= 1
    text = files.open(io.BytesIO(bytes(frame)), "rt", model=model)
    lines = []
    with pytest.raises(ChecksumError):
        lines.extend(iter(text.readline, ""))
    assert "".join(lines).encode() == DATA[: 3 * SEGMENT].rpartition(b"\n")[0] + b"\n"
    with pytest.raises(ChecksumError):
        files.open(io.BytesIO(bytes(frame)), "rt", model=model).read()


def test_text(model: Counts, tmp_path: Path) -> None:
    path = tmp_path / "text.arz"
    lines = ["où ça\n", "naïve\n", "\N{SNOWMAN}"]
    with files.open(path, "wt", model=model, encoding="utf-8") as file:
        file.writelines(lines)
    with files.open(path, "rt", model=model, encoding="utf-8") as file:
        assert list(file) == lines
        file.seek(0)
        assert file.read() == "".join(lines)
    with files.open(path, "rt", model=model, encoding="ascii", errors="replace") as file:
        assert file.readline() == "o\ufffd\ufffd \ufffd\ufffda\n"
    with files.open(path, "at", model=model, encoding="latin-1", newline="\r\n") as file:
        file.write("\n")
    assert files.open(path, model=model).read().endswith(b"\r\n")


@pytest.mark.parametrize("mode", ["", "z", "rw", "wx", "r+", "rU", "bb"])
def test_modes_that_do_not_exist(model: Counts, tmp_path: Path, mode: str) -> None:
    with pytest.raises(ValueError, match="mode"):
        ArzipFile(tmp_path / "data.arz", mode, model=model)
    assert not list(tmp_path.iterdir())


def test_options_for_the_other_kind_of_file(model: Counts, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="invalid mode"):
        files.open(tmp_path / "data.arz", "rbt")
    for option in ("encoding", "errors", "newline"):
        with pytest.raises(ValueError, match="text"):
            files.open(tmp_path / "data.arz", "rb", **{option: "ascii"})
    with pytest.raises(TypeError, match="filename"):
        ArzipFile(12, model=model)  # type: ignore[arg-type]
    assert not list(tmp_path.iterdir())


def test_the_wrong_direction(model: Counts) -> None:
    reading = ArzipFile(io.BytesIO(compress(model, DATA)), model=model)
    with pytest.raises(io.UnsupportedOperation):
        reading.write(b"x")
    assert reading.account is None
    writing = ArzipFile(io.BytesIO(), "w", model=model)
    assert (writing.readable(), writing.writable(), writing.seekable()) == (False, True, False)
    for read in (writing.read, writing.readline, writing.peek, writing.read1):
        with pytest.raises(io.UnsupportedOperation):
            read()
    with pytest.raises(io.UnsupportedOperation):
        writing.seek(0)
    writing.write(DATA)
    writing.close()
    assert writing.account is not None
    assert writing.account.size == len(DATA)


def test_a_closed_file(model: Counts, tmp_path: Path) -> None:
    path = tmp_path / "data.arz"
    for mode in ("w", "r"):
        file = ArzipFile(path, mode, model=model)
        assert file.fileno() > 0
        file.close()
        file.close()
        assert file.closed
        for use in (file.read, file.tell, file.fileno, file.readable, lambda f=file: f.write(b"")):
            with pytest.raises(ValueError, match="closed"):
                use()
    with ArzipFile(path, model=model) as file:
        assert file.read() == b""


def test_an_unknown_model_leaves_no_file(registry: object, tmp_path: Path) -> None:
    with pytest.raises(ArzipError):
        ArzipFile(tmp_path / "data.arz", "w", model="nonesuch")
    assert not list(tmp_path.iterdir())
    with pytest.raises(FileNotFoundError):
        ArzipFile(tmp_path / "data.arz")


def test_short_writes_lose_nothing(model: Counts) -> None:
    raw = Short()
    with files.open(raw, "wb", model=model, segment_size=SEGMENT) as file:  # type: ignore[arg-type]
        file.write(DATA)
    assert decompress(raw.data, model=model) == DATA


@pytest.mark.parametrize("room", [0, 20, 1500])
def test_after_a_failed_write_no_file_looks_whole(model: Counts, room: int) -> None:
    raw = Short(room)
    options: Any = {"model": model, "segment_size": SEGMENT}
    with pytest.raises(OSError, match="No space"), files.open(raw, "wb", **options) as file:  # type: ignore[call-overload]
        file.write(DATA)
    raw = Short(room)
    file = files.open(raw, "wb", **options)  # type: ignore[call-overload]
    with pytest.raises(OSError, match="No space"):
        file.write(DATA)
    raw.room = 1 << 20  # somebody made room
    for action in (lambda: file.write(DATA), file.close):
        with pytest.raises(ArzipError, match="not complete"):
            action()
    assert file.closed
    assert len(raw.data) == room


class Interrupted(Counts):
    """Ctrl-C comes while it codes."""

    def encode(self, data: NDArray[np.uint8]) -> Iterator[Prediction]:
        raise KeyboardInterrupt

    def decode(self, words: NDArray[np.uint32], n: int) -> Iterator[NDArray[np.uint8]]:
        raise KeyboardInterrupt


def test_an_interrupt_is_not_taken_for_the_end(model: Counts, tmp_path: Path) -> None:
    path = tmp_path / "data.arz"
    with pytest.raises(KeyboardInterrupt), ArzipFile(path, "w", model=Interrupted()) as file:
        file.write(DATA)
        file.close()
    with pytest.raises(ArzipError), ArzipFile(path, model=model) as file:
        file.read()
    path.write_bytes(compress(model, DATA))
    with pytest.raises(KeyboardInterrupt), ArzipFile(path, model=Interrupted()) as file:
        file.read()


@pytest.mark.parametrize("threads", [1, 3])
def test_closing_does_not_wait_for_what_is_read_ahead(model: Counts, threads: int) -> None:
    file = ArzipFile(io.BytesIO(compress(model, DATA)), model=Slow(), threads=threads)
    if threads > 1:
        file._buffer.raw._decompressor.decompress(compress(model, DATA), 0)  # type: ignore[union-attr]
        assert any(thread.name == "arzip" for thread in threading.enumerate())
    start = time.monotonic()
    file.close()
    while any(thread.name == "arzip" for thread in threading.enumerate()):
        assert time.monotonic() - start < 1
        time.sleep(0.01)


class OnlyRead:
    """All that a file needs, as with lzma. Now and then there is nothing yet."""

    def __init__(self, data: bytes, nothing: list[Any]) -> None:
        self._file = io.BytesIO(data)
        self._nothing = nothing

    def read(self, size: int) -> Any:
        return self._nothing.pop() if self._nothing else self._file.read(min(size, 100))


def test_a_file_needs_no_more_than_read(model: Counts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "PAUSE", 0.0)
    packed = compress(model, DATA)
    for nothing in ([], [None], [None, None]):
        with files.open(OnlyRead(packed, [*nothing]), model=model) as file:  # type: ignore[call-overload]
            assert not file.seekable()
            assert file.read() == DATA
