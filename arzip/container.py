"""The .arz format: frames and segments as bytes, written and read. docs/format.md says it in full.

A file is one or more frames. A compact frame holds one segment in the fewest bytes; a long frame
holds any number, written as they come, then an index of them for seeking. Here is no input or
output and no policy: `compact_frame` and `FrameWriter` make bytes, `FrameReader` takes bytes and
gives the frame's parts, and `locate` finds all segments of a file by what it asks to read. What a
payload means is codec.py's business.
"""

import struct
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import NamedTuple

from xxhash import xxh64

from arzip.codec import MODELLED, RUN, Coded
from arzip.errors import ChecksumError, FormatError, LimitError, TruncatedError

__all__ = [
    "MAGIC",
    "MAX_SEGMENT",
    "VERSION",
    "End",
    "FrameReader",
    "FrameWriter",
    "Header",
    "Located",
    "Payload",
    "Segment",
    "Segments",
    "compact_frame",
    "locate",
    "open_body",
]

MAGIC = b"\xe1rz"
"""'arz' with the top bit of its first letter set: no UTF-8 text, and seen if it was stripped."""
VERSION = 1
MAX_SEGMENT = 1 << 26
"""The most bytes that a segment restores to: 64 MiB."""

# The byte after MAGIC: VERSION in the high 4 bits, then LONG and 0, or a compact frame's method.
LONG = 0b1000
END = 3  # stands where a segment's method would: no more segments
MAX_INDEX = (1 << 32) - 1  # bytes
CHECK = struct.Struct("<I")
CHECKS = struct.Struct("<II")  # of a long frame's segment: of what is coded, of its data
TRAILER = struct.Struct("<IIQ")  # the index's size and check, the check of all data in the frame
HEADER_SIZE = len(MAGIC) + 1 + 4 + CHECK.size  # of a long frame; a compact frame's is shorter
SEGMENT_HEADER_SIZE = 1 + 4 + 4  # at most
TAIL = 1 << 12  # bytes at the end of a file that are read at once: indices of 7 GB fit in them
PADDING = 1 << 16  # bytes read at a time to get past zeros
STRIDE = 256  # segments of which one is noted
MARK_SIZE = 512  # bytes that a note of one takes, at most

ENDS_EARLY = "the file ends early: it was cut off, or its transfer did not finish"
GARBAGE = "after the end of a frame comes something that is not .arz data"
INDEX_DIFFERS = "the index does not match the segments: the file is damaged"
FOREIGN = {
    b"arz": "the top bits of its bytes were stripped; transfer it as binary",
    "\xe1rz".encode(): "it was converted as if it were text; transfer it as binary",
    b"\x1f\x8b": "it looks like gzip",
    b"BZh": "it looks like bzip2",
    b"\xfd7zXZ\0": "it looks like xz",
    b"\x28\xb5\x2f\xfd": "it looks like zstd",
    b"PK\x03\x04": "it looks like zip",
}


class Header(NamedTuple):
    """How a frame begins."""

    long: bool
    method: int | None  # of a compact frame's segment
    identity: bytes | None  # of the model; None if the frame needs none
    raw: bytes  # as it stands in the file


class Segment(NamedTuple):
    """What stands before a segment's payload."""

    long: bool  # in a long frame
    number: int  # in its frame, from 1
    method: int
    size: int  # bytes it restores to
    coded_size: int  # bytes of payload
    raw: bytes  # the header as it stands in the file: of a compact frame, from the magic on

    @property
    def body_size(self) -> int:
        """Bytes of payload and checks."""
        return self.coded_size + (CHECKS.size if self.long else CHECK.size)


@dataclass(frozen=True, slots=True)
class Payload:
    """A segment's payload, and what its data must hash to."""

    segment: Segment
    payload: bytes
    hashed: tuple[bytes, ...]  # what goes before the data into the hash
    check: int

    def verify(self, data: bytes) -> None:
        """Raise ChecksumError unless `data` is what the segment was made from."""
        if hash32(*self.hashed, data) != self.check:
            raise damaged(self.segment)


class End(NamedTuple):
    """The end of a frame."""

    check: int | None  # XXH64 of all that a long frame restores to


Part = Header | Segment | Payload | End


def compact_frame(identity: bytes, coded: Coded, data: bytes) -> bytes:
    """The frame of one segment: `data`, coded with the model of that identity."""
    kind = bytes([VERSION << 4 | coded.method])
    header = MAGIC + kind + (identity if coded.method == MODELLED else b"")
    header += _lengths(coded, len(data))
    check = CHECK.pack(hash32(header, coded.payload, data))
    return b"".join([header, coded.payload, check])


class FrameWriter:
    """Makes a long frame: first `header`, then each `segment`, then `finish`."""

    def __init__(self, identity: bytes) -> None:
        self._identity = identity
        self._entries = bytearray()
        self._count = 0
        self._content = xxh64()

    def header(self) -> bytes:
        """The first bytes of the frame."""
        header = MAGIC + bytes([VERSION << 4 | LONG]) + self._identity
        return header + CHECK.pack(hash32(header))

    def segment(self, coded: Coded, data: bytes) -> bytes:
        """The bytes of the next segment: `data`, 1 to MAX_SEGMENT bytes, coded."""
        header = bytes([coded.method]) + _lengths(coded, len(data))
        self._entries += header
        self._count += 1
        self._content.update(data)
        checks = CHECKS.pack(hash32(header, coded.payload), hash32(data))
        return b"".join([header, coded.payload, checks])

    def finish(self) -> bytes:
        """The last bytes of the frame. Raises LimitError if its index is too large."""
        index = varint(self._count) + bytes(self._entries)
        if len(index) > MAX_INDEX:
            raise LimitError("too many segments for one frame: use larger segments")
        trailer = TRAILER.pack(len(index), hash32(index), self._content.intdigest())
        return bytes([END]) + index + trailer


class FrameReader:
    """Reads one frame from the front of a buffer that grows, and removes what it has read.

    Zeros may precede a frame that is not the `first` in its file. The parts come in this order: a
    Header; for each segment a Segment as soon as its header is there and a Payload when all of it
    is; then End. Claimed lengths allocate nothing.
    """

    def __init__(self, buffer: bytearray, first: bool = True) -> None:
        self._buffer = buffer
        self._first = first  # in its file
        self._next: Callable[[], Part] = self._read_header
        self._count = 0
        # The index repeats the segments' headers. Hashes compare them in constant memory.
        self._entries = xxh64()
        self._entries_size = 0

    def read(self) -> Part | None:
        """The next part; None if the buffer does not hold all of it yet.

        Raises FormatError, LimitError or ChecksumError if the buffer holds something else.
        """
        try:
            return self._next()
        except TruncatedError:
            return None

    def _take(self, size: int) -> bytes:
        if len(self._buffer) < size:
            raise TruncatedError(ENDS_EARLY)
        taken = bytes(memoryview(self._buffer)[:size])
        del self._buffer[:size]
        return taken

    def _read_header(self) -> Header:
        if not self._first and self._buffer[:1] == b"\0":
            del self._buffer[: len(self._buffer) - len(self._buffer.lstrip(b"\0"))]
        self._header = parse_header(self._buffer, self._first)
        self._take(len(self._header.raw))
        self._next = self._read_segment
        return self._header

    def _read_segment(self) -> Segment | End:
        if self._header.long and self._buffer[:1] == bytes([END]):
            return self._read_index()
        segment = parse_segment(self._buffer, self._header, self._count + 1)
        new = segment.raw if segment.long else segment.raw[len(self._header.raw) :]
        self._take(len(new))
        self._count += 1
        self._entries.update(new)
        self._entries_size += len(new)
        self._segment = segment
        self._next = self._read_payload
        return segment

    def _read_payload(self) -> Payload:
        payload = open_body(self._segment, self._take(self._segment.body_size))
        self._next = self._read_segment if self._segment.long else self._read_end
        return payload

    def _read_index(self) -> End:
        count = varint(self._count)
        if self._take(1 + len(count)) != bytes([END]) + count:
            raise FormatError(INDEX_DIFFERS)
        self._index = xxh64(count)
        self._index_size = len(count) + self._entries_size
        self._repeated = xxh64()
        self._unread = self._entries_size
        self._next = self._read_entries
        return self._read_entries()

    def _read_entries(self) -> End:
        entries = self._take(min(self._unread, len(self._buffer)))
        self._unread -= len(entries)
        self._index.update(entries)
        self._repeated.update(entries)
        if self._unread:
            raise TruncatedError(ENDS_EARLY)
        if self._repeated.digest() != self._entries.digest():
            raise FormatError(INDEX_DIFFERS)
        self._next = self._read_trailer
        return self._read_trailer()

    def _read_trailer(self) -> End:
        size, check, content = TRAILER.unpack(self._take(TRAILER.size))
        if size != self._index_size or check != self._index.intdigest() & 0xFFFFFFFF:
            raise ChecksumError("the index is damaged: its checksum does not hold")
        return End(content)

    def _read_end(self) -> End:
        return End(None)


def parse_header(data: bytes | bytearray, first: bool) -> Header:
    """The frame header that `data` begins with, the `first` in its file or a later one.

    Raises TruncatedError if `data` ends within it, FormatError or ChecksumError if that is none.
    """
    if bytes(data[: len(MAGIC)]) != MAGIC[: len(data)]:
        raise FormatError(_what_else(bytes(data[:6])) if first else GARBAGE)
    _need(data, len(MAGIC) + 1)
    kind = data[len(MAGIC)]
    if kind >> 4 != VERSION:
        raise FormatError(
            f"version {kind >> 4} of the format is unknown to this arzip, which reads version "
            f"{VERSION}: update arzip"
        )
    low = kind & 0b1111
    if low == LONG:
        raw = _need(data, HEADER_SIZE)
        if CHECK.pack(hash32(raw[: -CHECK.size])) != raw[-CHECK.size :]:
            raise ChecksumError("the file is damaged: the checksum of its header does not hold")
        return Header(True, None, raw[4:8], raw)
    if low >= END:
        raise FormatError(f"a frame of kind {low} is unknown to this arzip: update arzip")
    if low == MODELLED:
        raw = _need(data, 8)
        return Header(False, MODELLED, raw[4:8], raw)
    return Header(False, low, None, _need(data, 4))


def parse_segment(data: bytes | bytearray, header: Header, number: int) -> Segment:
    """The segment header that `data` begins with: the `number`th after that frame header.

    Raises TruncatedError if `data` ends within it, LimitError or FormatError if that is none.
    """
    method, at = header.method, 0
    if method is None:
        method, at = _need(data, 1)[0], 1
        if method >= END:  # which is no method, or there are more lanes than one
            raise FormatError(
                f"segment {number} is coded in a way unknown to this arzip: update arzip"
            )
    size, at = _read_varint(data, at, MAX_SEGMENT)
    coded_size = 1 if method == RUN else size
    if method == MODELLED:
        coded_size, at = _read_varint(data, at, MAX_SEGMENT)
        if coded_size >= size:
            raise FormatError(f"segment {number} has impossible lengths: the file is damaged")
    if not size and (header.long or method == RUN):
        raise FormatError(f"segment {number} is empty: the file is damaged")
    raw = bytes(data[:at]) if header.long else header.raw + bytes(data[:at])
    return Segment(header.long, number, method, size, coded_size, raw)


def open_body(segment: Segment, body: bytes) -> Payload:
    """What follows the segment's header, `segment.body_size` bytes. Raises ChecksumError."""
    payload, checks = body[: segment.coded_size], body[segment.coded_size :]
    if not segment.long:
        return Payload(segment, payload, (segment.raw, payload), CHECK.unpack(checks)[0])
    coded_check, check = CHECKS.unpack(checks)
    if coded_check != hash32(segment.raw, payload):
        raise damaged(segment)
    return Payload(segment, payload, (), check)


class Located(NamedTuple):
    """Where a segment is."""

    start: int  # of its data, in all that the file restores to
    body: int  # where its body is in the file
    header: Header  # of its frame
    segment: Segment


class _Mark(NamedTuple):
    """A place before a segment, from which to go on."""

    start: int  # of the segment's data
    at: int  # of its header in the file; of a compact frame's, after the frame's own
    repeated: int  # bytes of headers of those before it in its frame
    number: int  # segments before it in its frame
    header: Header  # of its frame


Walk = Callable[[_Mark | None], Iterator[Located]]
"""All segments from a mark on, or from the file's start."""


class Segments:
    """All segments of a file, in little more memory than its index takes.

    Only every STRIDE-th is noted. The others are found again by going on from there.
    """

    def __init__(self, walk: Walk, memory: int = 0, most: int | None = None) -> None:
        """`memory` is what `walk` holds. Raises LimitError if it all takes more than `most`."""
        self._walk = walk
        self._marks: list[_Mark] = []
        self._count = 0
        self.size = 0
        """Bytes of data in all."""
        self.memory = memory
        """Bytes of memory that this takes."""
        repeated = 0  # bytes of headers in the frame so far
        for located in walk(None):
            _, _, header, segment = located
            raw = len(segment.raw) - (0 if segment.long else len(header.raw))
            repeated = 0 if segment.number == 1 else repeated
            if self._count % STRIDE == 0:
                self.memory += MARK_SIZE
                check_memory(self.memory, most)
                at = located.body - raw
                self._marks.append(_Mark(self.size, at, repeated, segment.number - 1, header))
            repeated += raw
            self._count += 1
            self.size += segment.size

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Located]:
        return self._walk(None)

    def __getitem__(self, number: int) -> Located:
        number = range(self._count)[number]
        return next(islice(self._walk(self._marks[number // STRIDE]), number % STRIDE, None))

    def at(self, position: int) -> Located:
        """The segment with that byte of the data, one of `size`."""
        found = bisect_right(self._marks, position, key=lambda mark: mark.start)
        return next(
            located
            for located in self._walk(self._marks[found - 1])
            if position < located.start + located.segment.size
        )


def check_memory(needed: int, most: int | None) -> None:
    """Raise LimitError if to know where all segments are takes more than `most` bytes."""
    if most is not None and needed > most:
        raise LimitError(
            f"to find the segments takes {needed} bytes of memory, more than the limit of {most}"
        )


Read = Callable[[int, int], bytes]
"""What reads, at an offset in a file, that many bytes; fewer only at the file's end."""


def locate(read: Read, file_size: int, most: int | None = None) -> Segments:
    """All segments of a file of that many bytes, found without decoding, in `most` bytes of memory.

    Two small reads are enough for a file of one long frame, its header's and its index's, as long
    as the index takes less than TAIL; else each header is read. Raises FormatError, TruncatedError,
    ChecksumError or LimitError.
    """
    return _locate_by_index(read, file_size, most) or Segments(
        partial(_walk_headers, read, file_size), most=most
    )


def _locate_by_index(read: Read, file_size: int, most: int | None) -> Segments | None:
    """The segments of the one long frame that is the file; None if the file is something else."""
    rest = file_size - HEADER_SIZE - 1 - TRAILER.size  # of the frame: segments and index
    if rest < 1:
        return None
    header = parse_header(read(0, HEADER_SIZE), first=True)
    if not header.long:
        return None
    tail = read(max(0, file_size - TAIL), min(TAIL, file_size))
    size, check, _ = TRAILER.unpack(tail[-TRAILER.size :])
    if size > rest:
        return None
    check_memory(size, most)
    index = tail[-TRAILER.size - size : -TRAILER.size]
    if size > len(index):
        index = read(file_size - TRAILER.size - size, size)
    if hash32(index) != check:
        return None
    found = Segments(partial(_walk_index, index, header), size, most)
    last = found[-1] if len(found) else None
    end = last.body + last.segment.body_size if last else HEADER_SIZE
    return found if end == HEADER_SIZE + rest - size else None


def _walk_index(index: bytes, header: Header, mark: _Mark | None) -> Iterator[Located]:
    """The segments of a frame at the start of the file, by its index, whose check holds."""
    start, at, repeated, number, _ = mark or _Mark(0, HEADER_SIZE, 0, 0, header)
    for segment in parse_index(index, header, repeated, number):
        at += len(segment.raw)
        yield Located(start, at, header, segment)
        at += segment.body_size
        start += segment.size


def parse_index(
    index: bytes, header: Header, repeated: int = 0, number: int = 0
) -> Iterator[Segment]:
    """The segments' headers that an index repeats, after the first `number`, of `repeated` bytes.

    Raises FormatError, TruncatedError or LimitError.
    """
    count, at = _read_varint(index, 0, MAX_INDEX)
    at += repeated
    while number < count:
        number += 1
        segment = parse_segment(index[at : at + SEGMENT_HEADER_SIZE], header, number)
        at += len(segment.raw)
        yield segment
    if at != len(index):
        raise FormatError(INDEX_DIFFERS)


def _walk_headers(read: Read, file_size: int, mark: _Mark | None) -> Iterator[Located]:
    """The segments of any number of frames, from header to header."""
    start, at = (mark.start, mark.at) if mark else (0, 0)
    while at < file_size or not at:
        if mark:
            header, number, entries = mark.header, mark.number, mark.repeated
            mark = None
        else:
            header, number, entries = parse_header(read(at, HEADER_SIZE), first=not at), 0, 0
            at += len(header.raw)
        while header.long or not number:
            if header.long and read(at, 1) == bytes([END]):
                at += 1 + len(varint(number)) + entries + TRAILER.size
                break
            number += 1
            segment = parse_segment(read(at, SEGMENT_HEADER_SIZE), header, number)
            size = len(segment.raw) - (0 if header.long else len(header.raw))
            entries += size
            yield Located(start, at + size, header, segment)
            start += segment.size
            at += size + segment.body_size
        if at > file_size:
            raise TruncatedError(ENDS_EARLY)
        at = past_padding(read, at, file_size)


def past_padding(read: Read, at: int, end: int) -> int:
    """The first byte from `at` on that is not zero, or `end`."""
    size = 1
    while at < end:
        window = read(at, min(size, end - at))
        rest = window.lstrip(b"\0")
        if rest or not window:
            return at + len(window) - len(rest)
        at += len(window)
        size = PADDING
    return end


def _lengths(coded: Coded, size: int) -> bytes:
    return varint(size) + (varint(len(coded.payload)) if coded.method == MODELLED else b"")


def varint(value: int) -> bytes:
    """7 bits a byte, low ones first, the top bit set on all but the last.

    What follows a set top bit is one less than the bits that remain, so that no value has two
    spellings.
    """
    out = bytearray()
    while value >= 128:
        out.append(128 | value & 127)
        value = (value >> 7) - 1
    out.append(value)
    return bytes(out)


def _read_varint(data: bytes | bytearray, at: int, limit: int) -> tuple[int, int]:
    """The value that begins at `at`, and where it ends.

    Raises TruncatedError if `data` ends within it, LimitError if it is above `limit`.
    """
    value, shift = 0, 0
    while True:
        if at >= len(data):
            raise TruncatedError(ENDS_EARLY)
        value += data[at] << shift  # a set top bit adds the one that was taken off
        if value > limit:
            raise LimitError(f"a length of more than {limit} bytes is claimed: the file is damaged")
        if data[at] < 128:
            return value, at + 1
        shift += 7
        at += 1


def _need(data: bytes | bytearray, size: int) -> bytes:
    if len(data) < size:
        raise TruncatedError(ENDS_EARLY)
    return bytes(data[:size])


def hash32(*parts: bytes) -> int:
    """The low 32 bits of the parts' XXH64."""
    digest = xxh64()
    for part in parts:
        digest.update(part)
    return digest.intdigest() & 0xFFFFFFFF


def damaged(segment: Segment) -> ChecksumError:
    """The error for a segment whose bytes were changed."""
    return ChecksumError(f"segment {segment.number} is damaged: its checksum does not hold")


def _what_else(start: bytes) -> str:
    """What a file is that begins like this, and not with MAGIC."""
    for other, what in FOREIGN.items():
        if start.startswith(other):
            return f"not an .arz file: {what}"
    return "not an .arz file"
