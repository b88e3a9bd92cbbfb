"""Archives: large files in them are looked at by themselves."""

import io
import itertools
import tarfile

import golden
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

import arzip
from arzip.readings import archives, bitmap, finding


def array(data: bytes) -> NDArray[np.uint8]:
    return np.frombuffer(data, dtype=np.uint8)


def tar(files: dict[str, bytes], form: int = tarfile.USTAR_FORMAT) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=form) as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return made.getvalue()


FILES = {"small": b"text\n" * 9, "a": golden.inputs()["bitmap"], "b": golden.inputs()["text"]}


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_large_files_are_parts(form: int) -> None:
    data = tar(FILES, form)
    found = [data[start:end] for start, end in archives.parts(array(data))]
    assert b"".join(found) == data
    assert FILES["a"] in found and FILES["b"] in found and len(found) == 5


def test_each_is_read_in_its_way() -> None:
    data = tar(FILES)
    found = finding.find(array(data))
    assert [s.size for s in found if s.chosen.reading is bitmap.READING] == [len(FILES["a"])]
    assert arzip.decompress(arzip.compress(data, model="swift")) == data


@given(st.integers(0, 3000), st.integers(1, 255))
def test_a_damaged_archive_is_data(at: int, change: int) -> None:
    data = bytearray(tar(FILES))
    data[at] ^= change
    found = archives.parts(array(bytes(data)))
    assert found[0][0] == 0 and found[-1][1] == len(data)
    assert all(end == start for (_, end), (start, _) in itertools.pairwise(found))


def test_other_data_is_one_part() -> None:
    assert archives.parts(array(b"ustar" * 9)) == [(0, 45)]
    for data in golden.inputs().values():
        if data:
            assert archives.parts(array(data)) == [(0, len(data))]
