"""What SECURITY.md says of memory: none for what is only claimed, and all within `max_memory`."""

import io
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from conftest import Counts, peak_memory

import arzip
from arzip import codec, files
from arzip.codec import RUN, Coded, CodeLength
from arzip.errors import LimitError
from arzip.format.layout import MAGIC, MAX_SEGMENT, varint
from arzip.format.writer import FrameWriter, compact_frame
from arzip.readings import finding
from arzip.recovery import recover

MANY = 10_000
RUNS = Coded(RUN, b"z", CodeLength())


GROWTH = """
import sys
import arzip

def most():
    return next(int(line.split()[1]) for line in open("/proc/self/status") if "VmHWM" in line)

model = arzip.load_model(sys.argv[1])
model.prove("decode")
before = most()
try:
    arzip.decompress(bytes.fromhex(sys.argv[2]))
except arzip.ChecksumError as error:
    print(most() - before)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux's /proc")
@pytest.mark.parametrize("name", ["fast", "swift", "base", "max"])
def test_a_small_frame_that_claims_much_takes_little(name: str) -> None:
    """22 bytes that claim to restore to 64 MiB, for which the tables take 300 or 550 MiB."""
    identity = arzip.load_model(name).identity
    payload = b"\x80zq7K"  # which says that all is text, and does not go on as is likely
    header = MAGIC + b"\x10" + identity
    lengths = varint(MAX_SEGMENT) + varint(len(payload))
    frame = header + lengths + payload + bytes(4)
    command = [sys.executable, "-c", GROWTH, name, frame.hex()]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    # Each context of each byte that is restored takes pages of a table, and some know many.
    assert int(done.stdout) < (128 if name == "max" else 64) << 10  # KiB


@pytest.fixture(scope="module")
def many() -> bytes:
    """A long frame of as many segments as fit in it, two bytes each."""
    writer = FrameWriter(b"cnts")
    return b"".join(
        [writer.header(), *(writer.segment(RUNS, b"zz") for _ in range(MANY)), writer.finish()]
    )


@pytest.fixture(scope="module")
def frames() -> bytes:
    """As many frames."""
    return compact_frame(b"", RUNS, b"zz") * MANY


def test_an_index_takes_little_more_memory_than_it_is_long(many: bytes) -> None:
    index = 2 * MANY
    assert peak_memory(lambda: files.segments(io.BytesIO(many)).size) < 2 * index + 100_000


def test_many_frames_take_little_memory(frames: bytes) -> None:
    assert peak_memory(lambda: files.segments(io.BytesIO(frames)).size) < 100_000


def test_places_are_found_from_the_notes(many: bytes, frames: bytes) -> None:
    for data in (many, frames):
        found = files.segments(io.BytesIO(data))
        assert found.size == 2 * len(found)
        everything = list(found)
        assert len(everything) == len(found)
        for number in (0, 1, 255, 256, 257, 4444, len(found) - 1):
            assert found[number] == everything[number]
            assert found.at(2 * number) == found.at(2 * number + 1) == everything[number]
        assert found[-1] == everything[-1]
        with pytest.raises(IndexError):
            found[len(found)]


def test_the_index_is_within_max_memory(model: Counts, many: bytes, frames: bytes) -> None:
    for data, needed in ((many, 2 * MANY), (frames, len(frames) // 40)):
        with arzip.open(io.BytesIO(data), model=model, max_memory=10 * needed) as file:
            file.seek(1000)
            assert file.read(2) == b"zz"
        with arzip.open(io.BytesIO(data), model=model, max_memory=needed // 2) as file:
            with pytest.raises(
                LimitError, match=r"^to find the segments takes \d+ bytes"
            ) as caught:
                file.seek(1000)
            assert "\n" not in str(caught.value)


def test_the_index_and_a_segment_are_within_max_memory_together(model: Counts) -> None:
    text = b"".join(b"%d green bottles hanging on the wall\n" % n for n in range(99))
    writer = FrameWriter(model.identity)
    segments = [writer.segment(codec.encode(model, text), text) for _ in range(600)]
    frame = b"".join([writer.header(), *segments, writer.finish()])
    coded = len(codec.encode(model, text).payload)
    segment = codec.decoding_memory(model, codec.MODELLED, coded, len(text))
    index = files.segments(io.BytesIO(frame)).memory
    for limit, is_enough in ((segment + index, True), (segment + index - 1, False)):
        file = arzip.open(io.BytesIO(frame), model=model, max_memory=limit)
        file.seek(10 * len(text))
        if is_enough:
            assert file.read(9) == text[:9]
        else:
            with pytest.raises(LimitError, match=f"takes {segment + index} bytes"):
                file.read(9)


def test_recovery_takes_little_memory() -> None:
    """Whole, with a damaged header, without an index."""
    writer = FrameWriter(b"cnts")
    parts = [writer.header(), *(writer.segment(RUNS, b"zz") for _ in range(2000))]
    frame = b"".join(parts)

    def work(data: bytes) -> None:
        for _ in recover(data, model=Counts()):
            pass

    for data in (frame + writer.finish(), b"\0" + frame[1:] + writer.finish(), frame):
        assert peak_memory(partial(work, data)) < 200_000


def test_finding_spans_takes_little_more_memory_than_the_data() -> None:
    """A segment of 32 MiB once took nine times as much, where numpy widened its bytes."""
    kinds = (b"some words of text\n", bytes(40) + b"\xff", bytes(range(0, 256, 3)))
    for kind in kinds:
        data = np.resize(np.frombuffer(kind, dtype=np.uint8), 1 << 22)
        assert peak_memory(partial(finding.find, data)) < 4 * data.size
