"""Sound that is not compressed: WAV, AIFF, AU, CAF."""

import struct
from collections.abc import Iterator

from arzip.arrays import Array
from arzip.readings.headers.told import Told

__all__ = ["read_aiff", "read_au", "read_caf", "read_wav"]

_PLAIN, _FLOATING, _EXTENDED = 1, 3, 0xFFFE  # codes of WAV
_AU = {2: (1, ">i"), 3: (2, ">i"), 4: (3, ">i"), 5: (4, ">i"), 6: (4, ">f")}
_AIFF = {b"NONE": ">i", b"twos": ">i", b"sowt": "<i", b"fl32": ">f", b"FL32": ">f"}
_TO_THE_END = 0xFFFFFFFF  # a size that was not known when the header was written


def _sound(start: int, size: int, item: int, kind: str, channels: int) -> Told:
    return Told(start, size, Array(item, kind, channels, 0))


def _chunks(text: bytes, place: int, form: str) -> Iterator[tuple[bytes, int, int]]:
    """Yield the name, start and size of each chunk, whose head is of that form."""
    head = struct.calcsize(form)
    while place + head <= len(text):
        name, size = struct.unpack_from(form, text, place)
        yield name, place + head, size
        place += head + max(size, 0) + (size & 1 if head == 8 else 0)


def read_wav(text: bytes, at: int) -> Iterator[Told]:
    """Yield the samples of a WAV file, or of one for long sound (RF64)."""
    code, channels, bits, long_size = 0, 0, 0, _TO_THE_END
    for name, start, size in _chunks(text, at + 12, "<4sI"):
        if name == b"ds64":
            (long_size,) = struct.unpack_from("<Q", text, start + 8)
        elif name == b"fmt ":
            code, channels, _, _, _, bits = struct.unpack_from("<HHIIHH", text, start)
            if code == _EXTENDED and size >= 26:
                (code,) = struct.unpack_from("<H", text, start + 24)
        elif name == b"data":
            kind = "f" if code == _FLOATING else "i" if bits > 8 else "u"
            if code in (_PLAIN, _FLOATING) and bits % 8 == 0:
                size = long_size if size == _TO_THE_END else size
                yield _sound(start, size, bits // 8, "<" + kind, channels)
            return


def read_aiff(text: bytes, at: int) -> Iterator[Told]:
    """Yield the samples of an AIFF or AIFF-C file."""
    channels, bits, kind = 0, 0, ""
    for name, start, size in _chunks(text, at + 12, ">4sI"):
        if name == b"COMM":
            channels, _, bits = struct.unpack_from(">HIH", text, start)
            is_plain = text[at + 8 : at + 12] == b"AIFF"
            kind = ">i" if is_plain else _AIFF[text[start + 18 : start + 22]]
        elif name == b"SSND" and kind:
            yield _sound(start + 8, size - 8, -(-bits // 8), kind, channels)
            return


def read_au(text: bytes, at: int) -> Iterator[Told]:
    """Yield the samples of an AU file."""
    start, size, code, _, channels = struct.unpack_from(">IIIII", text, at + 4)
    item, kind = _AU[code]
    yield _sound(at + start, size, item, kind, channels)


def read_caf(text: bytes, at: int) -> Iterator[Told]:
    """Yield the samples of a CAF file."""
    channels, bits, kind = 0, 0, ""
    for name, start, size in _chunks(text, at + 8, ">4sq"):
        if name == b"desc":
            _, code, flags, _, _, channels, bits = struct.unpack_from(">d4sIIIII", text, start)
            kind = "><"[flags >> 1 & 1] + "if"[flags & 1] if code == b"lpcm" else ""
        elif name == b"data" and kind and bits % 8 == 0:
            yield _sound(
                start + 4, size - 4 if size >= 0 else _TO_THE_END, bits // 8, kind, channels
            )
            return
