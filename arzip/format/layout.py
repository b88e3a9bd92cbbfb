"""How an .arz file is laid out: docs/format.md in code, section by section.

Section 1 is `check_of` and the varints. Section 2 is MAGIC, the kinds of frame and their headers:
`Header`, `parse_header`. Section 3 is the segments and what follows them: `Segment`,
`parse_segment`, `Payload`, `open_body`, `parse_index`, TRAILER.
"""

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from xxhash import xxh64

from arzip import codec
from arzip.codec import RUN, UNPACKED
from arzip.errors import ChecksumError, FormatError, LimitError, TruncatedError

__all__ = [
    "CHECK",
    "CHECKS",
    "END",
    "ENDS_EARLY",
    "GARBAGE",
    "HEADER_SIZE",
    "INDEX_DIFFERS",
    "LONG",
    "MAGIC",
    "MAX_INDEX",
    "MAX_SEGMENT",
    "SEGMENT_HEADER_SIZE",
    "TRAILER",
    "VERSION",
    "Header",
    "Payload",
    "Segment",
    "check_of",
    "open_body",
    "parse_header",
    "parse_index",
    "parse_segment",
    "varint",
]

MAGIC = b"\xe1rz"
"""'arz' with the top bit of its first letter set: not UTF-8, and it shows if the bit was lost."""
VERSION = 1
LONG = 0b1000
"""In the kind, the byte after MAGIC: VERSION << 4, plus LONG or a compact frame's method."""
END = 4
"""In place of a segment's method: no more segments."""

MAX_SEGMENT = 1 << 26
"""The most bytes that a segment restores to: 64 MiB."""
MAX_INDEX = (1 << 32) - 1
"""The most bytes in an index."""

CHECK = struct.Struct("<I")
CHECKS = struct.Struct("<II")
"""Behind a long frame's payload: the checks of what is coded, and of the data."""
TRAILER = struct.Struct("<IIQ")
"""A long frame's last bytes: its index's size and check, and the XXH64 of all its data."""
HEADER_SIZE = len(MAGIC) + 1 + 4 + CHECK.size
"""Bytes in a long frame's header; a compact frame's has fewer."""
SEGMENT_HEADER_SIZE = 1 + 4 + 4 + (2 + 3 * len(codec.KINDS)) + 4
"""The most bytes in a segment's header: its method and three lengths."""

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


def check_of(*parts: bytes | bytearray) -> int:
    """Return the check of the joined parts: the low 32 bits of their XXH64."""
    digest = xxh64()
    for part in parts:
        digest.update(part)
    return digest.intdigest() & 0xFFFFFFFF


def varint(value: int) -> bytes:
    """Return the value in 7 bits a byte, low ones first, the top bit set on all but the last.

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
    """Return the value that begins at `at`, and where it ends.

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


class Header(NamedTuple):
    """How a frame begins."""

    long: bool
    method: int | None  # of a compact frame's segment
    identity: bytes | None  # of the model; None if the frame needs none
    raw: bytes  # as it stands in the file


def parse_header(data: bytes | bytearray, first: bool) -> Header:
    """Return the frame header that `data` begins with: the `first` in its file, or a later one.

    Raises TruncatedError if `data` ends within it, FormatError or ChecksumError if it is not one.
    """
    if bytes(data[: len(MAGIC)]) != MAGIC[: len(data)]:
        raise FormatError(_not_arz(bytes(data[:6])) if first else GARBAGE)
    kind = _need(data, len(MAGIC) + 1)[-1]
    if kind >> 4 != VERSION:
        raise FormatError(
            f"version {kind >> 4} of the format is unknown to this arzip, which reads version "
            f"{VERSION}: update arzip"
        )
    low = kind & 0b1111
    if low == LONG:
        raw = _need(data, HEADER_SIZE)
        if CHECK.pack(check_of(raw[: -CHECK.size])) != raw[-CHECK.size :]:
            raise ChecksumError("the file is damaged: the checksum of its header does not hold")
        return Header(True, None, raw[4:8], raw)
    if low >= END:
        raise FormatError(f"a frame of kind {low} is unknown to this arzip: update arzip")
    if codec.needs_model(low):
        raw = _need(data, 8)
        return Header(False, low, raw[4:8], raw)
    return Header(False, low, None, _need(data, 4))


def _need(data: bytes | bytearray, size: int) -> bytes:
    if len(data) < size:
        raise TruncatedError(ENDS_EARLY)
    return bytes(data[:size])


def _not_arz(start: bytes) -> str:
    """Return the message for a file that begins with `start`, not with MAGIC."""
    for other, what in FOREIGN.items():
        if start.startswith(other):
            return f"not an .arz file: {what}"
    return "not an .arz file"


class Segment(NamedTuple):
    """A segment's header."""

    long: bool  # in a long frame
    number: int  # in its frame, from 1
    method: int
    size: int  # bytes of data
    coded_size: int  # bytes of payload
    raw: bytes  # the header as it stands in the file: of a compact frame, from the magic on
    plain_size: int = 0  # bytes of data once it is unpacked; 0 if it is not packed
    found: Mapping[str, int] = {}  # how many streams of each kind were unpacked

    @property
    def body_size(self) -> int:
        """Bytes of payload and checks."""
        return self.coded_size + (CHECKS.size if self.long else CHECK.size)


def parse_segment(data: bytes | bytearray, header: Header, number: int) -> Segment:
    """Return the segment header that `data` begins with: the `number`th after the frame header.

    Raises TruncatedError if `data` ends within it, LimitError or FormatError if it is not one.
    """
    method, at = header.method, 0
    if method is None:
        method, at = _need(data, 1)[0], 1
        if method >= END:
            raise FormatError(
                f"segment {number} is coded in a way unknown to this arzip: the file is damaged, "
                "or made by a later one: update arzip"
            )
    size, at = _read_varint(data, at, MAX_SEGMENT)
    coded_size = 1 if method == RUN else size
    plain_size, found = 0, dict[str, int]()
    if method == UNPACKED:
        plain_size, at = _read_varint(data, at, codec.MOST_PLAIN)
        found, at = _read_found(data, at)
    if codec.needs_model(method):
        coded_size, at = _read_varint(data, at, MAX_SEGMENT)
        if coded_size >= size or (method == UNPACKED and not plain_size):
            raise FormatError(f"segment {number} has impossible lengths: the file is damaged")
    if not size and (header.long or method == RUN):
        raise FormatError(f"segment {number} is empty: the file is damaged")
    raw = bytes(data[:at]) if header.long else header.raw + bytes(data[:at])
    return Segment(header.long, number, method, size, coded_size, raw, plain_size, found)


def _read_found(data: bytes | bytearray, at: int) -> tuple[dict[str, int], int]:
    """Return how many streams of each kind a segment holds, and where that ends."""
    bits, at = _read_varint(data, at, (1 << len(codec.KINDS)) - 1)
    found = {}
    for k, kind in enumerate(codec.KINDS):
        if bits >> k & 1:
            found[kind], at = _read_varint(data, at, codec.MOST_FOUND)
    return found, at


@dataclass(frozen=True, slots=True)
class Payload:
    """A segment's payload, and the check of its data."""

    segment: Segment
    payload: bytes
    hashed: tuple[bytes, ...]  # goes into the check before the data
    check: int

    def verify(self, data: bytes) -> None:
        """Raise ChecksumError unless the check of `data` holds."""
        if check_of(*self.hashed, data) != self.check:
            raise _damaged(self.segment)


def open_body(segment: Segment, body: bytes) -> Payload:
    """Return the payload in `body`, the `segment.body_size` bytes after a segment's header.

    Raises ChecksumError if the payload of a long frame's segment was changed.
    """
    payload, checks = body[: segment.coded_size], body[segment.coded_size :]
    if not segment.long:
        return Payload(segment, payload, (segment.raw, payload), CHECK.unpack(checks)[0])
    coded_check, check = CHECKS.unpack(checks)
    if coded_check != check_of(segment.raw, payload):
        raise _damaged(segment)
    return Payload(segment, payload, (), check)


def _damaged(segment: Segment) -> ChecksumError:
    return ChecksumError(f"segment {segment.number} is damaged: its checksum does not hold")


def parse_index(
    index: bytes, header: Header, repeated: int = 0, number: int = 0
) -> Iterator[Segment]:
    """Yield the segment headers that an index repeats, except the first `number`.

    These take `repeated` bytes. Raises FormatError, TruncatedError or LimitError.
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
