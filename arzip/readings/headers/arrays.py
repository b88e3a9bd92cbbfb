"""Arrays that are not compressed: NumPy, FITS, NRRD, netCDF (its classic form)."""

import ast
import itertools
import math
import re
import struct
from collections.abc import Iterator

from arzip.arrays import Array
from arzip.readings.headers.told import Told

__all__ = ["read_fits", "read_netcdf", "read_npy", "read_nrrd"]

_LONGEST_HEADER, _LONGEST_NRRD = 1 << 16, 1 << 14
_BLOCK = 2880  # of a FITS file
_CARD = 80  # of its headers
_NRRD = {
    **dict.fromkeys((b"signed char", b"int8", b"int8_t"), (1, "i")),
    **dict.fromkeys((b"uchar", b"unsigned char", b"uint8", b"uint8_t"), (1, "u")),
    **dict.fromkeys((b"short", b"short int", b"signed short", b"int16", b"int16_t"), (2, "i")),
    **dict.fromkeys((b"ushort", b"unsigned short", b"uint16", b"uint16_t"), (2, "u")),
    **dict.fromkeys((b"int", b"signed int", b"int32", b"int32_t"), (4, "i")),
    **dict.fromkeys((b"uint", b"unsigned int", b"uint32", b"uint32_t"), (4, "u")),
    b"float": (4, "f"),
    b"double": (8, "f"),
}
_NETCDF = {1: (1, "i"), 2: (1, "u"), 3: (2, "i"), 4: (4, "i"), 5: (4, "f"), 6: (8, "f")}
_NETCDF |= {7: (1, "u"), 8: (2, "u"), 9: (4, "u"), 10: (8, "i"), 11: (8, "u")}
_MOST_LISTED = 1 << 9  # dimensions, attributes or variables
_MOST_RECORDS = 1 << 12


def _array(start: int, item: int, kind: str, shape: list[int]) -> Told:
    """Return an array of a shape whose last number changes fastest."""
    return Told(start, item * math.prod(shape), Array.of_shape(item, kind, shape))


def read_npy(text: bytes, at: int) -> Iterator[Told]:
    """Yield the items of a NumPy file."""
    length, prefix = struct.unpack_from("<H", text, at + 8)[0], 10
    if text[at + 6] > 1:
        length, prefix = struct.unpack_from("<I", text, at + 8)[0], 12
    if length > _LONGEST_HEADER:
        return
    start = at + prefix + length
    try:
        fields = ast.literal_eval(text[at + prefix : start].decode("latin-1").strip())
    except (SyntaxError, MemoryError, RecursionError):
        return
    form = re.fullmatch(r"([<>|=])([iuf])(\d+)", fields["descr"])
    shape = [*fields["shape"]]
    if form is None or not all(isinstance(n, int) and n >= 0 for n in shape):
        return
    if fields["fortran_order"]:
        shape.reverse()
    order = ">" if form[1] == ">" else "<"
    yield _array(start, int(form[3]), order + form[2], shape)


def read_fits(text: bytes, at: int) -> Iterator[Told]:
    """Yield the images of a FITS file."""
    place = at
    while (end := text.find(b"END" + b" " * (_CARD - 3), place, place + _LONGEST_HEADER)) >= 0:
        cards = {
            text[k : k + 8].strip(): text[k + 10 : k + _CARD].split(b"/")[0].strip(b" '")
            for k in range(place, end, _CARD)
        }
        start = place + _blocks(end + _CARD - place)
        bits, count = int(cards[b"BITPIX"]), int(cards[b"NAXIS"])
        shape = [int(cards[b"NAXIS%d" % k]) for k in range(count, 0, -1)]
        item = abs(bits) // 8
        size = item * math.prod(shape) if shape else 0
        if size > 0 and cards.get(b"XTENSION", b"IMAGE") == b"IMAGE":
            yield _array(start, item, ">" + ("f" if bits < 0 else "i" if bits > 8 else "u"), shape)
        place = start + _blocks(max(size, 0) + max(int(cards.get(b"PCOUNT", b"0")), 0))


def _blocks(size: int) -> int:
    """Return the size of whole blocks."""
    return -(-size // _BLOCK) * _BLOCK


def read_nrrd(text: bytes, at: int) -> Iterator[Told]:
    """Yield the items of an NRRD file."""
    header = re.compile(rb"(?:[^\r\n]+\r?\n)+\r?\n").match(text, at, at + _LONGEST_NRRD)
    if header is None:
        return
    lines = (line.partition(b":") for line in header.group().splitlines())
    fields = {name.strip().lower(): value.strip() for name, _, value in lines}
    item, kind = _NRRD[fields[b"type"]]
    shape = [int(n) for n in fields[b"sizes"].split()][::-1]
    if fields[b"encoding"] == b"raw" and b"data file" not in fields and min(shape) > 0:
        order = ">" if fields.get(b"endian") == b"big" else "<"
        yield _array(header.end(), item, order + kind, shape)


class _Netcdf:
    """A netCDF file's header, read from front to back."""

    def __init__(self, text: bytes, at: int) -> None:
        self._text, self._place = text, at + 4
        version = text[at + 3]
        self._count, self._offset = "I" if version < 5 else "Q", "I" if version == 1 else "Q"

    def count(self) -> int:
        return self._take(self._count)

    def offset(self) -> int:
        return self._take(self._offset)

    def word(self) -> int:
        return self._take("I")

    def _take(self, form: str) -> int:
        value: int = struct.unpack_from(">" + form, self._text, self._place)[0]
        self._place += struct.calcsize(form)
        return value

    def skip(self, size: int) -> None:
        """Pass by so many bytes, and what fills up to four."""
        self._place += -(-size // 4) * 4

    def named(self) -> Iterator[None]:
        """Pass by the head of a list, then by the name of each that is in it."""
        self.word()
        for _ in self.listed():
            self.skip(self.count())
            yield

    def listed(self) -> range:
        """Return the numbers of what a list has. Raises ValueError if that is too much."""
        count = self.count()
        if count > _MOST_LISTED:
            raise ValueError
        return range(count)

    def skip_attributes(self) -> None:
        for _ in self.named():
            item, _ = _NETCDF[self.word()]
            self.skip(item * self.count())


def read_netcdf(text: bytes, at: int) -> Iterator[Told]:
    """Yield the variables of a netCDF file; of those with records, record by record."""
    header = _Netcdf(text, at)
    records = header.count()
    lengths = [header.count() for _ in header.named()]
    header.skip_attributes()
    whole: list[Told] = []
    in_records: list[Told] = []
    for _ in header.named():
        dimensions = [header.count() for _ in header.listed()]
        header.skip_attributes()
        item, kind = _NETCDF[header.word()]
        header.count()  # the size, which may be cut to 32 bits
        shape = [lengths[k] for k in dimensions]
        told = _array(at + header.offset(), item, ">" + kind, [n or 1 for n in shape])
        (in_records if shape and shape[0] == 0 else whole).append(told)
    if len(in_records) == 1:
        (one,) = in_records
        whole.append(one._replace(size=one.size * records))
        in_records = []
    stride = sum(-(-told.size // 4) * 4 for told in in_records)
    repeated = (
        told._replace(start=told.start + k * stride)
        for k, told in itertools.product(range(min(records, _MOST_RECORDS)), in_records)
    )
    yield from sorted([*whole, *repeated])
