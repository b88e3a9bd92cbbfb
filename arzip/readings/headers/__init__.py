"""Where numbers are in files that say so: in a header, before data that is not compressed.

    pictures.py     BMP, PNM, PAM, PFM, Targa
    tiff.py         TIFF
    sound.py        WAV, AIFF, AU, CAF
    arrays.py       NumPy, FITS, NRRD, netCDF
    medical.py      DICOM, NIfTI
    told.py         what they tell

A format is known by a few bytes, anywhere in some data, and has a reader: a function of the data
and the place where the file begins that yields what its header tells. A header may claim anything.
What it claims is cut to the bytes that there are, and left alone if it makes no sense: a wrong
reading costs size, nothing else.
"""

import re
import struct
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from arzip.arrays import Array
from arzip.readings.headers import arrays, medical, pictures, sound, tiff
from arzip.readings.headers.told import Told

__all__ = ["Told", "told_in", "unfinished"]

_MOST_FAILED = 1 << 12  # headers that are none: a segment of nothing else takes seconds

_Reader = Callable[[bytes, int], Iterator[Told]]


class _Format(NamedTuple):
    pattern: bytes
    """What it is known by. That begins with plain bytes, which are found fast."""
    read: _Reader
    offset: int = 0
    """Where that is, from the start of the file."""

    def places(self, data: NDArray[np.uint8]) -> Iterator[int]:
        """Yield where files of this format begin, as it seems."""
        for found in re.finditer(self.pattern, data.data, re.DOTALL):
            yield found.start() - self.offset


_FORMATS = (
    _Format(rb"BM.{4}\0{4}", pictures.read_bmp),
    _Format(pictures.DIB, pictures.read_dib),
    _Format(pictures.PNM, pictures.read_pnm),
    _Format(pictures.PAM, pictures.read_pam),
    _Format(pictures.PFM, pictures.read_pfm),
    _Format(rb"II\*\0", tiff.read),
    _Format(rb"MM\0\*", tiff.read),
    _Format(rb"RIFF.{4}WAVE", sound.read_wav),
    _Format(rb"RF64.{4}WAVE", sound.read_wav),
    _Format(rb"FORM.{4}AIF[FC]", sound.read_aiff),
    _Format(rb"\.snd", sound.read_au),
    _Format(rb"caff\0\x01\0\0", sound.read_caf),
    _Format(rb"\x93NUMPY", arrays.read_npy),
    _Format(rb"SIMPLE  =", arrays.read_fits),
    _Format(rb"NRRD000[1-5]\r?\n", arrays.read_nrrd),
    _Format(rb"CDF[\1\2\5]", arrays.read_netcdf),
    _Format(rb"n\+1\0", medical.read_nifti1, 344),
    _Format(rb"n\+2\0\r\n\x1a\n", medical.read_nifti2, 4),
    _Format(rb"DICM", medical.read_dicom, 128),
    _Format(rb"\A\x08\0[\0\1\5\x08\x16]\0", medical.read_dicom),
)


def told_in(data: NDArray[np.uint8]) -> list[Told]:
    """Return the numbers that headers tell of, from front to back, none within another's."""
    return [told._replace(size=min(told.size, data.size - told.start)) for told in _claims(data)]


def unfinished(data: NDArray[np.uint8]) -> tuple[Array, int, int] | None:
    """Return the numbers that go on behind the end of some data, if a header there says so.

    With them how many of their bytes are in the data, and how many there are in all.
    """
    claims = _claims(data)
    if not claims or claims[-1].start + claims[-1].size <= data.size:
        return None
    start, size, array, _ = claims[-1]
    return array, data.size - start, size


def _makes_sense(told: Told) -> bool:
    item, _, channels, row = told.array
    return told.size > 0 and item > 0 and channels > 0 and row >= 0


def _claims(data: NDArray[np.uint8]) -> list[Told]:
    found: list[Told] = []
    end = failed = 0
    places = sorted((at, k) for k, known in enumerate(_FORMATS) for at in known.places(data))
    text = data.tobytes() if places else data[: pictures.TARGA].tobytes()
    for at, k in places:
        if at < end:
            continue
        if failed == _MOST_FAILED:
            break
        before = len(found)
        try:
            for told in _FORMATS[k].read(text, at):
                if end <= told.start < data.size and _makes_sense(told):
                    end = told.start + told.size
                    found.append(told)
        except (struct.error, ValueError, KeyError, TypeError, IndexError, OverflowError):
            pass  # it ends too soon, or is none
        failed += len(found) == before
    return found or list(pictures.read_targa(text, data.size))
