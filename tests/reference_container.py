"""The container's reader a second time, written from docs/format.md alone.

It reads a whole file and shares only XXH64 with arzip, so that the two can be compared on any
bytes.
"""

from collections.abc import Callable

from xxhash import xxh64_intdigest

MOST = 1 << 26  # the most bytes that a segment restores to, and of plain data

Decode = Callable[[bytes, bytes, int, int], bytes]
"""Restores n bytes from a model's identity, a payload, n and the length of the plain data, which is
0 if nothing is packed. Raises RefusedError.
"""


class RefusedError(Exception):
    """The document does not allow these bytes."""


def check(data: bytes) -> bytes:
    """Return the low 32 bits of the XXH64, in the order of the file."""
    return (xxh64_intdigest(data) & 0xFFFFFFFF).to_bytes(4, "little")


def trailer(index: bytes, data: bytes) -> bytes:
    """Return the end of a long frame, after its index."""
    content = xxh64_intdigest(data).to_bytes(8, "little")
    return len(index).to_bytes(4, "little") + check(index) + content


def read(data: bytes, decode: Decode, most: int) -> bytes:
    """Return the restored data. Raises RefusedError, also for more than `most` bytes."""
    if not data:
        raise RefusedError
    out, at = b"", 0
    while at < len(data):
        if at + 4 > len(data) or data[at : at + 3] != b"\xe1rz":
            raise RefusedError
        kind = data[at + 3]
        if kind == 0x18:
            frame, at = _long(data, at, decode, most - len(out))
        elif kind in (0x10, 0x11, 0x12, 0x13):
            frame, at = _compact(data, at, decode, most - len(out))
        else:
            raise RefusedError
        out += frame
        while data[at : at + 1] == b"\0":
            at += 1
    return out


def _compact(data: bytes, at: int, decode: Decode, most: int) -> tuple[bytes, int]:
    begin, method = at, data[at + 3] & 3
    at += 4
    identity = b""
    if method in (0, 3):
        identity, at = _take(data, at, 4)
    n, p, m, at = _lengths(data, at, method)
    if n == 0 and method != 1:
        raise RefusedError
    payload, at = _take(data, at, m)
    restored = _restore(method, identity, payload, n, p, decode, most)
    found, end = _take(data, at, 4)
    if found != check(data[begin:at] + restored):
        raise RefusedError
    return restored, end


def _long(data: bytes, at: int, decode: Decode, most: int) -> tuple[bytes, int]:
    begin = at
    found, at = _take(data, at + 8, 4)
    if found != check(data[begin : begin + 8]):
        raise RefusedError
    identity = data[begin + 4 : begin + 8]
    out, headers, count = b"", b"", 0
    while True:
        first, _ = _take(data, at, 1)
        if first == b"\x04":
            break
        begin, method = at, first[0]
        if method > 3:
            raise RefusedError
        n, p, m, at = _lengths(data, at + 1, method)
        if n == 0:
            raise RefusedError
        headers += data[begin:at]
        count += 1
        payload, at = _take(data, at, m)
        coded_check, at = _take(data, at, 4)
        if check(data[begin : at - 4]) != coded_check:
            raise RefusedError
        restored = _restore(method, identity, payload, n, p, decode, most - len(out))
        data_check, at = _take(data, at, 4)
        if check(restored) != data_check:
            raise RefusedError
        out += restored
    index = _varint(count) + headers
    end, at = _take(data, at + 1, len(index) + 16)
    if end != index + trailer(index, out):
        raise RefusedError
    return out, at


def _restore(
    method: int, identity: bytes, payload: bytes, n: int, p: int, decode: Decode, most: int
) -> bytes:
    if n > most:
        raise RefusedError
    if method in (0, 3):
        return decode(identity, payload, n, p)
    return payload if method == 1 else payload * n


def _lengths(data: bytes, at: int, method: int) -> tuple[int, int, int, int]:
    """Return n, p, m, and the place after them."""
    n, at = _read_varint(data, at)
    p = 0
    if method == 3:
        p, at = _read_varint(data, at)
        if p == 0:
            raise RefusedError
        kinds, at = _read_varint(data, at)
        if kinds > 127:
            raise RefusedError
        for _ in range(kinds.bit_count()):
            streams, at = _read_varint(data, at)
            if streams > 1 << 18:
                raise RefusedError
    if method in (0, 3):
        m, at = _read_varint(data, at)
        if m >= n:
            raise RefusedError
        return n, p, m, at
    return n, p, (n if method == 1 else 1), at


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte, at = _take(data, at, 1)
        value += byte[0] << shift
        shift += 7
        if value > MOST:
            raise RefusedError
        if byte[0] < 128:
            return value, at


def _varint(value: int) -> bytes:
    out = b""
    while value >= 128:
        out += bytes([128 + value % 128])
        value = value // 128 - 1
    return out + bytes([value])


def _take(data: bytes, at: int, size: int) -> tuple[bytes, int]:
    if at + size > len(data):
        raise RefusedError
    return data[at : at + size], at + size
