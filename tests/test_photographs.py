"""Where the scans of JPEG pictures are."""

from collections.abc import Callable

import numpy as np
import photograph
import pytest
from numpy.typing import NDArray

from arzip.photographs import Scans, scans

GREY = photograph.encoded([photograph.picture(64, 80)])
BEGINS = GREY.index(b"\xff\xda") + 10  # the header of a scan of one component


def array(data: bytes) -> NDArray[np.uint8]:
    return np.frombuffer(data, dtype=np.uint8)


@pytest.mark.parametrize("before", [b"", b"some bytes before it"])
@pytest.mark.parametrize("behind", [b"", b"\xff\xd9 and text", GREY])
def test_each_is_found_with_its_header(before: bytes, behind: bytes) -> None:
    found = list(scans(array(before + GREY + behind)))
    n = len(before)
    assert found[0] == Scans(n + BEGINS, n + len(GREY) - 2, n)
    assert len(found) == 1 + (behind == GREY)


def test_markers_within_a_scan_are_part_of_it() -> None:
    data = photograph.encoded([photograph.picture(64, 80)], restart=2)
    assert b"\xff\xd3" in data
    (found,) = scans(array(data))
    assert found.end == len(data) - 2


def within(data: bytes) -> bytes:
    """Return a part of a header that holds some data."""
    return b"\xff\xe1" + (len(data) + 2).to_bytes(2, "big") + data


def test_small_pictures_in_the_header_of_another_come_before_it() -> None:
    small = photograph.encoded([photograph.picture(48, 48)])
    first, second = within(b"Exif" + small), within(small)
    data = GREY[:2] + first + second + GREY[2:]
    one, two, last, _ = scans(array(data + GREY))
    assert (one.header, one.end) == (2 + 8, 2 + len(first) - 2)
    assert (two.header, two.end) == (2 + len(first) + 4, 2 + len(first + second) - 2)
    assert (last.header, last.end) == (0, len(data) - 2)


def test_what_begins_as_a_picture_in_a_header_and_goes_no_further_is_none() -> None:
    small = GREY[: BEGINS + 20]
    data = GREY[:2] + within(small) + GREY[2:]
    (found,) = scans(array(data))
    assert (found.header, found.end) == (0, len(data) - 2)


@pytest.mark.parametrize("size", [0, 3, 20, BEGINS - 1, BEGINS, BEGINS + 400])
def test_what_ends_before_its_scan_has_begun_is_none(size: int) -> None:
    assert not list(scans(array(GREY[:size])))


def test_the_end_of_the_data_is_the_end() -> None:
    (found,) = scans(array(GREY[:-100]))
    assert found.end == len(GREY) - 100


@pytest.mark.parametrize("encode", [photograph.encoded, photograph.progressive])
def test_all_scans_of_a_picture_are_one(encode: Callable[..., bytes]) -> None:
    planes = [photograph.picture(64, 80, k) for k in range(3)]
    data = encode(planes) if encode is photograph.progressive else encode(planes, apart=True)
    assert data.count(b"\xff\xda") > 2
    found = next(scans(array(data + GREY)))
    assert (found.header, found.end) == (0, len(data) - 2)


def test_what_is_no_part_of_a_header_ends_them() -> None:
    data = photograph.progressive([photograph.picture(64, 80)])
    last = data.rindex(b"\xff\xda")
    (found,) = scans(array(data[:last] + b"\xff\xd9" + data[last:]))
    assert found.end == last


def test_pictures_of_other_frames_are_left_alone() -> None:
    assert not list(scans(array(photograph.encoded([photograph.picture(64, 80)], frame=0xC9))))


@pytest.mark.parametrize("part", [b"\xff\xd8\xff\xe0\0\1", b"\xff\xd8" + b"\xff\xe0\0\2" * 2000])
@pytest.mark.timeout(20)
def test_headers_that_are_none_take_no_time(part: bytes) -> None:
    data = array(part * (4_000_000 // len(part)) + GREY)
    found = list(scans(data))
    assert len(part) > 100 or not found
    assert all(scan.header == data.size - len(GREY) for scan in found)
