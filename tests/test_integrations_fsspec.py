"""fsspec reads and writes .arz files by itself, and so do those that use it; seeking is cheap."""

from pathlib import Path
from typing import Any

import pytest

import arzip

fsspec = pytest.importorskip("fsspec", reason="needs fsspec")
spec = pytest.importorskip("fsspec.spec", reason="needs fsspec")

arzip.register()

TABLE = "x,y\n1,2\n3,4\n"
SEGMENT = 10_000


@pytest.mark.parametrize("compression", ["infer", "arzip"])
def test_fsspec_opens_files(tmp_path: Path, compression: str) -> None:
    path = str(tmp_path / "table.csv.arz")
    with fsspec.open(path, "wt", compression=compression) as file:
        file.write(TABLE)
    with arzip.open(path, "rt") as file:
        assert file.read() == TABLE
    with fsspec.open(path, "rt", compression=compression) as file:
        assert file.read() == TABLE
    with fsspec.open(path, "rb", compression=compression) as file:
        file.seek(4)
        assert file.readline() == b"1,2\n"
    assert "arzip" in fsspec.available_compressions()


def test_a_missing_end_is_an_error_there_too(tmp_path: Path) -> None:
    path = tmp_path / "table.csv.arz"
    path.write_bytes(arzip.compress(TABLE.encode())[:-1])
    with fsspec.open(str(path), "rb", compression="infer") as file, pytest.raises(EOFError):
        file.read()


class RemoteFile(spec.AbstractBufferedFile):  # type: ignore[misc]
    """Notes what is fetched."""

    def _fetch_range(self, start: int, end: int) -> bytes:
        self.fs.fetched.append((start, end - start))
        return bytes(self.fs.content[start:end])


class Remote(spec.AbstractFileSystem):  # type: ignore[misc]
    """A file system of one file, somewhere far away."""

    cachable = False

    def __init__(self, content: bytes) -> None:
        super().__init__()
        self.content = content
        self.fetched: list[tuple[int, int]] = []

    def info(self, path: str, **options: Any) -> dict[str, Any]:
        return {"name": path, "size": len(self.content), "type": "file"}

    def _open(self, path: str, mode: str = "rb", **options: Any) -> RemoteFile:
        return RemoteFile(self, path, mode, cache_type="none")


def test_seeking_in_a_remote_file_fetches_the_index_and_one_segment() -> None:
    data = b"".join(b"record %d\n" % number for number in range(20_000))
    compressor = arzip.ArzipCompressor("swift", segment_size=SEGMENT)
    remote = Remote(compressor.compress(data) + compressor.flush())
    with arzip.open(remote.open("data.arz")) as file:
        file.seek(len(data) // 2)
        assert file.read(100) == data[len(data) // 2 :][:100]
    header, index, segment = remote.fetched
    assert header == (0, 12)
    assert index[1] <= 4096
    assert segment[1] < SEGMENT


def test_pandas_reads_and_writes_tables(tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas", reason="needs pandas")
    path = tmp_path / "table.csv.arz"
    with arzip.open(path, "wt") as file:
        pandas.DataFrame({"x": [1, 3], "y": [2, 4]}).to_csv(file, index=False)
    with arzip.open(path, "rt") as file:
        assert file.read() == TABLE
    # pandas' own compression= is for a fixed list of formats, but URLs go through fsspec's.
    table = pandas.read_csv(f"local://{path}", storage_options={"compression": "arzip"})
    assert table.to_csv(index=False) == TABLE


def test_dask_reads_text(tmp_path: Path) -> None:
    bag = pytest.importorskip("dask.bag", reason="needs Dask")
    for number in range(2):
        with arzip.open(tmp_path / f"{number}.txt.arz", "wt") as file:
            file.write(f"of {number}\n")
    lines = bag.read_text(str(tmp_path / "*.txt.arz"), compression="infer")
    assert lines.compute(scheduler="sync") == ["of 0\n", "of 1\n"]
